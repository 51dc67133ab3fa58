//! Sentences with figures in them, each written out in every language: none is glued from pieces.

use onefold_service::{ErrorCode, Notice, NoticeLevel};
use onefold_view::money_text;

use crate::language::Language;
use crate::words::Words;

/// English has two forms, Chinese one.
fn plural<'t>(n: i64, one: &'t str, many: &'t str) -> &'t str {
    if n == 1 { one } else { many }
}

impl Language {
    /// What to know first, and the document that it is about.
    pub(crate) fn notice(self, notice: &Notice) -> String {
        match self {
            Self::English => english_notice(notice),
            Self::Chinese => chinese_notice(notice),
        }
    }

    /// Nothing has to be known first.
    pub(crate) fn nothing_urgent(self, day: &str) -> String {
        match self {
            Self::English => format!("Nothing urgent, as of {day}."),
            Self::Chinese => format!("截至 {day}，没有紧急事项。"),
        }
    }

    /// Things that are open beside those listed.
    pub(crate) fn more_open(self, n: i64) -> String {
        match self {
            Self::English => format!("{n} more {} open.", plural(n, "is", "are")),
            Self::Chinese => format!("另有 {n} 项未结。"),
        }
    }

    /// Whole days since something, or until it.
    pub(crate) fn age(self, days: i64) -> String {
        match (self, days) {
            (Self::English, 0) => "today".to_owned(),
            (Self::Chinese, 0) => "今天".to_owned(),
            (Self::English, 1..) => format!("{days} d"),
            (Self::Chinese, 1..) => format!("{days} 天"),
            (Self::English, _) => format!("in {} d", -days),
            (Self::Chinese, _) => format!("{} 天后", -days),
        }
    }

    /// How late something is, or how much time is left.
    pub(crate) fn lateness(self, late_days: i64) -> String {
        match (self, late_days) {
            (Self::English, 1..) => format!("late by {late_days} d"),
            (Self::Chinese, 1..) => format!("逾期 {late_days} 天"),
            (Self::English, 0) => "due today".to_owned(),
            (Self::Chinese, 0) => "今天到期".to_owned(),
            (Self::English, _) => format!("in {} d", -late_days),
            (Self::Chinese, _) => format!("还有 {} 天", -late_days),
        }
    }

    /// How many documents there are of a kind, and since when.
    pub(crate) fn orders_since(self, orders: i64, since: Option<&str>) -> String {
        match (self, since) {
            (Self::English, Some(since)) => format!("{orders} {} since {since}", plural(orders, "order", "orders")),
            (Self::English, None) => format!("{orders} {}", plural(orders, "order", "orders")),
            (Self::Chinese, Some(since)) => format!("{since} 起共 {orders} 笔订单"),
            (Self::Chinese, None) => format!("{orders} 笔订单"),
        }
    }

    /// Invoices of one currency that are not yet due, together.
    pub(crate) fn invoices_not_due(self, n: i64) -> String {
        match self {
            Self::English => format!("{n} {} not yet due", plural(n, "invoice", "invoices")),
            Self::Chinese => format!("{n} 张未到期发票"),
        }
    }

    /// What stands below a list of what was found.
    pub(crate) fn hits(self, n: usize, most: usize) -> String {
        match self {
            Self::English if n >= most => format!("The nearest {n}. Add a town or a number to tell more apart."),
            Self::English => format!("{n} {}", plural(n as i64, "hit", "hits")),
            Self::Chinese if n >= most => format!("最接近的 {n} 条。可再加上城市或编号。"),
            Self::Chinese => format!("找到 {n} 条"),
        }
    }

    /// Nothing was found.
    pub(crate) fn no_hit(self, asked: &str) -> String {
        match self {
            Self::English => {
                format!("No customer and no document has “{asked}”. Try fewer letters, or the other script.")
            }
            Self::Chinese => format!("没有客户或单据与“{asked}”相符。可减少字数，或换一种文字。"),
        }
    }

    /// The score out of five.
    pub(crate) fn verdict(self, mean: &str, rated: i64) -> String {
        match self {
            Self::English => format!("{mean} of 5, {rated} rated"),
            Self::Chinese => format!("{mean}/5，共 {rated} 次"),
        }
    }

    /// Days between two.
    pub(crate) fn days(self, days: &str) -> String {
        match self {
            Self::English => format!("{days} d"),
            Self::Chinese => format!("{days} 天"),
        }
    }

    /// The id that was asked for is not the one that the customer bears now.
    pub(crate) fn forwarded(self, was: &str) -> String {
        match self {
            Self::English => format!("The id {was} belongs to this customer now."),
            Self::Chinese => format!("客户号 {was} 现归属此客户。"),
        }
    }

    /// What went wrong, of a page that could not be shown.
    pub(crate) fn problem_title(self, code: ErrorCode) -> &'static str {
        match (self, code) {
            (Self::English, code) => code.title(),
            (Self::Chinese, ErrorCode::Invalid) => "请求有误",
            (Self::Chinese, ErrorCode::NotFound) => "没有查到",
            (Self::Chinese, ErrorCode::Ambiguous) => "对应多个客户",
            (Self::Chinese, ErrorCode::TooLarge) => "一次请求过多",
            (Self::Chinese, ErrorCode::ReadOnly) => "此进程只读",
            (Self::Chinese, ErrorCode::Busy) => "暂时繁忙，请稍后再试",
            (Self::Chinese, ErrorCode::Full) => "存储空间已满",
            (Self::Chinese, ErrorCode::Damaged) => "存储的数据自相矛盾",
            (Self::Chinese, ErrorCode::Internal) => "系统出错",
        }
    }
}

impl Words {
    /// How much a notice weighs, in a word.
    pub(crate) fn level(&self, level: NoticeLevel) -> &'static str {
        match level {
            NoticeLevel::Critical => self.level_critical,
            NoticeLevel::Warning => self.level_warning,
            NoticeLevel::Neutral => self.level_neutral,
        }
    }
}

fn english_notice(notice: &Notice) -> String {
    match notice {
        Notice::StandsForOthers { what } if what == "walk_in" => {
            "Walk-in account: its purchases are by different buyers.".to_owned()
        }
        Notice::StandsForOthers { .. } => "Marketplace account: its purchases are by different buyers.".to_owned(),
        Notice::CaseOpen { title, with, age_days, .. } => {
            let title = if title.is_empty() { String::new() } else { format!(": {title}") };
            let age = age_days.map(|days| format!(" {days} d")).unwrap_or_default();
            match with.as_str() {
                "" => format!("Case open{age}{title}."),
                with => format!("Case open{age}{title}. Waiting for {with}."),
            }
        }
        Notice::DeliveryFailed { count } => {
            format!(
                "{count} {} failed and {} not arrived.",
                plural(*count, "delivery", "deliveries"),
                plural(*count, "has", "have")
            )
        }
        Notice::Overdue { currency, amount, invoices, oldest_days } => {
            let n = *invoices as i64;
            format!(
                "{n} {} overdue, {currency} {}, the oldest by {oldest_days} d.",
                plural(n, "invoice", "invoices"),
                money_text(amount, currency)
            )
        }
        Notice::Disputed { currency, amount } => format!("{currency} {} disputed.", money_text(amount, currency)),
        Notice::ShipmentsLate { count } => {
            format!("{count} {} promised for an earlier day.", plural(*count, "shipment was", "shipments were"))
        }
        Notice::Quiet { days, usual, .. } => format!("No purchase for {days} d; usually every {usual} d."),
        Notice::Findings { count } => {
            format!("{count} {} accepted and cannot be honoured.", plural(*count, "entry was", "entries were"))
        }
        Notice::KeptApart { count } => {
            format!(
                "{count} {} cannot be honoured: records are kept apart.",
                plural(*count as i64, "decision", "decisions")
            )
        }
        Notice::Full { parties } => {
            format!("{parties} records: too many for shared values to add another. Check what joins them.")
        }
    }
}

fn chinese_notice(notice: &Notice) -> String {
    match notice {
        Notice::StandsForOthers { what } if what == "walk_in" => "散客账户：购买记录来自不同买家。".to_owned(),
        Notice::StandsForOthers { .. } => "平台账户：购买记录来自不同买家。".to_owned(),
        Notice::CaseOpen { title, with, age_days, .. } => {
            let title = if title.is_empty() { String::new() } else { format!("：{title}") };
            let age = age_days.map(|days| format!(" {days} 天")).unwrap_or_default();
            match with.as_str() {
                "" => format!("服务单未结{age}{title}。"),
                with => format!("服务单未结{age}{title}。等待 {with} 处理。"),
            }
        }
        Notice::DeliveryFailed { count } => format!("{count} 件派送失败，尚未送达。"),
        Notice::Overdue { currency, amount, invoices, oldest_days } => {
            format!("{invoices} 张发票逾期，{currency} {}，最久 {oldest_days} 天。", money_text(amount, currency))
        }
        Notice::Disputed { currency, amount } => format!("{currency} {} 有争议。", money_text(amount, currency)),
        Notice::ShipmentsLate { count } => format!("{count} 件已过承诺送达日。"),
        Notice::Quiet { days, usual, .. } => format!("已 {days} 天未购买；平均间隔 {usual} 天。"),
        Notice::Findings { count } => format!("{count} 条记录已接收但无法入账。"),
        Notice::KeptApart { count } => format!("{count} 项决定无法执行：记录保持分开。"),
        Notice::Full { parties } => format!("共 {parties} 条记录，过多，不再自动归并。请核对归并依据。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural_and_money_stands_with_its_currency() {
        let overdue =
            |invoices| Notice::Overdue { currency: "CNY".into(), amount: "18400".into(), invoices, oldest_days: 42 };
        assert_eq!(Language::English.notice(&overdue(1)), "1 invoice overdue, CNY 18,400.00, the oldest by 42 d.");
        assert_eq!(Language::English.notice(&overdue(2)), "2 invoices overdue, CNY 18,400.00, the oldest by 42 d.");
        assert_eq!(Language::Chinese.notice(&overdue(2)), "2 张发票逾期，CNY 18,400.00，最久 42 天。");
    }

    #[test]
    fn what_is_late_what_is_due_and_what_has_time_read_differently() {
        let all = [3, 0, -2].map(|days| Language::English.lateness(days));
        assert_eq!(all, ["late by 3 d", "due today", "in 2 d"]);
    }

    #[test]
    fn every_refusal_has_a_title_in_every_language() {
        for (language, code) in Language::ALL.into_iter().flat_map(|l| ErrorCode::ALL.map(|code| (l, code))) {
            let is_han = language.problem_title(code).chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert_eq!(is_han, language == Language::Chinese, "{code:?}");
        }
    }
}
