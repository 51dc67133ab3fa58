//! The words of the pages, each in every language: one that lacks a language does not compile.

use crate::language::Language;

macro_rules! words {
    ($($name:ident: $english:literal, $chinese:literal;)*) => {
        /// The words of one language.
        pub(crate) struct Words { $(pub(crate) $name: &'static str,)* }

        static ENGLISH: Words = Words { $($name: $english,)* };
        static CHINESE: Words = Words { $($name: $chinese,)* };

        /// Each word in English and in Chinese.
        #[cfg(test)]
        const PAIRS: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $chinese),)*];
    };
}

impl Language {
    /// Its words.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }
}

words! {
    about: "About", "内容";
    account: "Account", "银行账号";
    address: "Address", "地址";
    age_30: "1–30 d", "1–30 天";
    age_60: "31–60 d", "31–60 天";
    age_90: "61–90 d", "61–90 天";
    age_current: "Not due", "未到期";
    age_over: "Over 90 d", "90 天以上";
    all: "All", "全部";
    amount: "Amount", "金额";
    as_of: "As of", "截至";
    back_to_now: "Back to now", "回到现在";
    billing_address: "Billing address", "账单地址";
    born_on: "Born on", "出生日期";
    bought_by: "Bought by", "购买方";
    by_identity: "By which identity", "归属依据";
    case: "Case", "服务单";
    cases: "Cases", "服务单";
    contact: "Contact", "联系记录";
    contact_persons: "Contact persons", "联系人";
    contacts: "Contacts", "联系记录";
    contract: "Contract", "合同";
    credit: "Credit not applied", "未抵扣贷项";
    credit_note: "Credit note", "贷项通知单";
    customer: "Customer", "客户";
    customer_id: "Customer id", "客户号";
    customer_since: "Customer since", "客户起始";
    damaged: "Damaged", "破损";
    date: "Date", "日期";
    days_to_pay: "Days to pay", "付款天数";
    decision: "Decision", "决定";
    delivery: "Delivery", "发货单";
    disputed: "Disputed", "争议中";
    document: "Document", "单据";
    document_adjustment: "Adjustment", "调整";
    document_other: "Document", "单据";
    due: "Due", "应完成";
    earlier: "Earlier", "更早";
    email: "E-mail", "邮箱";
    event_conflict: "conflict", "冲突";
    event_superseded: "superseded", "已被取代";
    events: "Events", "事件";
    help_keys: "/ search · 1–7 sections · o open now · f know first", "/ 查找 · 1–7 分区 · o 未结事项 · f 重点提示";
    home_address: "Home address", "家庭地址";
    identifiers: "Identifiers", "标识";
    identity_at: "Identity as of", "归属截至";
    industry: "Industry", "行业";
    invoice: "Invoice", "发票";
    invoiced: "Invoiced", "已开票";
    kept_apart: "kept apart", "保持分开";
    keys: "Letter keys", "字母快捷键";
    keys_off: "off", "关";
    keys_on: "on", "开";
    kind: "Kind", "类型";
    know_first: "Know first", "重点提示";
    known_as: "Records", "来源记录";
    known_at: "What we knew on", "当时已知，截至";
    language: "Language", "语言";
    last_contact: "Last contact", "最近联系";
    last_purchase: "Last purchase", "最近购买";
    level_critical: "critical", "紧急";
    level_neutral: "note", "提示";
    level_warning: "attention", "注意";
    log: "Log", "日志";
    lost_by: "Why it does not count", "未采用的原因";
    lost_to: "Other values", "其他值";
    merged_at_source: "merged at its source", "已在来源系统合并";
    money: "Money", "款项";
    more_clocks: "More clocks", "更多时间";
    name_unknown: "No name known", "姓名未知";
    named_by: "Named by", "被引用于";
    names: "Names", "引用";
    net_sales: "Net sales", "净销售额";
    next_step: "Next step", "下一步";
    no_documents: "None yet.", "暂无。";
    nobody: "Nobody: not yet linked", "无：尚未归属";
    nothing_open: "Nothing is open.", "没有未结事项。";
    on_time: "On time", "准时率";
    open: "Open", "未清";
    open_now: "Open now", "未结事项";
    opportunity: "Opportunity", "商机";
    order: "Order", "订单";
    orders: "Orders", "订单";
    organisation: "Organisation", "单位";
    overdue: "Overdue", "逾期";
    owed: "Owed in total", "应收合计";
    owed_by: "Owed by", "欠款方";
    paid: "Paid", "已付";
    part_of: "A part of", "其中一部分属于";
    party: "Record", "记录";
    payment: "Payment", "收款";
    person: "Person", "个人";
    phone: "Phone", "电话";
    prefers: "Buys most", "常买";
    profile: "Profile", "档案";
    receivables: "Receivables by age", "应收账龄";
    refund: "Refund", "退款";
    region: "Region", "地区";
    rests_on: "What it rests on", "依据";
    retired_at_source: "retired at its source", "已在来源系统停用";
    return_goods: "Return", "退货";
    satisfaction: "Verdict", "评价";
    search: "Search", "查找";
    search_hint: "Name, phone, e-mail, order, invoice, waybill", "姓名、电话、邮箱、订单、发票、运单";
    search_how: "A name, a phone number in any spacing, or a document number. A customer id, an identifier such as phone:+86… or a document such as order:erp:4711 works too.", "姓名、任意写法的电话号码，或单据编号。也可输入客户号、标识或单据引用。";
    sections: "Sections", "分区";
    settings: "Settings", "设置";
    several_customers: "Several customers share it", "由多个客户共用";
    shared_document: "shared with another customer", "与其他客户共有";
    shipments: "Shipments", "运输";
    shipping_address: "Shipping address", "收货地址";
    show: "Show", "显示";
    since: "Since", "起始";
    size: "Size", "规模";
    skip_to_content: "Skip to content", "跳到正文";
    skip_to_sections: "Skip to sections", "跳到分区";
    source: "Source", "来源";
    split_at_source: "split at its source", "已在来源系统拆分";
    state: "State", "状态";
    state_advance: "paid in advance", "预付";
    state_amended: "amended", "已修改";
    state_beside: "on orders only", "仅见于订单";
    state_cancelled: "cancelled", "已取消";
    state_closed: "closed", "已关闭";
    state_delivered: "delivered", "已送达";
    state_failed: "failed", "派送失败";
    state_hub: "shared by many", "多方共用";
    state_in_credit: "in credit", "有贷方余额";
    state_invalid: "invalid", "无效";
    state_links: "links", "可归并";
    state_open: "open", "未结";
    state_other: "links nobody", "不参与归并";
    state_resolved: "resolved", "已解决";
    state_reversed: "reversed", "已冲回";
    state_settled: "settled", "已结清";
    state_void: "void", "作废";
    state_weak: "links with the name", "与姓名一起归并";
    state_withdrawn: "withdrawn", "已撤回";
    tax_number: "Tax number", "税号";
    theme: "Theme", "主题";
    theme_dark: "dark", "深色";
    theme_light: "light", "浅色";
    theme_system: "as the system", "跟随系统";
    timeline: "Timeline", "时间线";
    times_in: "Times in", "时区";
    track: "Waybill", "运单";
    unallocated: "Unallocated", "未核销";
    under_way: "under way", "在途";
    unknown_caller: "Unknown caller", "未知来电";
    usual_interval: "Usual interval", "平均间隔";
    value: "Value", "值";
    what: "What", "事项";
    what_lost: "What lost", "未采用的值";
    whose: "Whose", "归属";
    why: "Why?", "为什么？";
    with: "With", "负责";
    worth: "Worth", "价值与信用";
    written: "Contents", "单据内容";
}

#[cfg(test)]
mod tests {
    use super::PAIRS;

    fn is_han(c: char) -> bool {
        ('\u{4e00}'..='\u{9fff}').contains(&c)
    }

    #[test]
    fn each_word_is_in_its_own_language() {
        for (name, english, chinese) in PAIRS {
            assert!(!english.chars().any(is_han), "{name}: {english}");
            assert!(chinese.chars().any(is_han), "{name}: {chinese}");
        }
    }
}
