//! The ERP's customer master: GBK, Chinese headings, one row per customer number.

use crate::corrupt::{self, DamageKind, RecordDamage, TableShape};
use crate::customer::{CustomerKind, PartyRecord, SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::error::SimulateError;
use crate::export::{BranchExports, ExportShelf};
use crate::identifiers::phone_written;
use crate::moment::LocalTime;
use crate::names::CITIES;
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;
use crate::trading::HouseNumbers;

const TABLE: TableShape = TableShape {
    headings: &[
        "客户编号",
        "客户名称",
        "客户类别",
        "统一社会信用代码",
        "会员号",
        "手机",
        "邮箱",
        "银行账号",
        "城市",
        "行业",
        "建档日期",
        "最后修改时间",
    ],
    delimiter: ',',
    charset: encoding_rs::GBK,
    number: "客户编号",
};

const BREAKAGES: [DamageKind<RecordDamage>; 4] = [
    DamageKind { damage: RecordDamage::Text("客户类别", "黑名单"), reason: "unknown word" },
    DamageKind { damage: RecordDamage::Text("最后修改时间", "2025/13/1 8:00:00"), reason: "no such date" },
    DamageKind {
        damage: RecordDamage::Bytes("客户名称", b"\xb3\xc2\xff\xff"), reason: "bytes that are not GB18030"
    },
    DamageKind { damage: RecordDamage::Text("建档日期", "上周三"), reason: "not a date" },
];

fn party_cells(
    party: &PartyRecord,
    customer: &SimulatedCustomer,
    phone: Option<&String>,
    modified: LocalTime,
) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let kind = match customer.kind {
        CustomerKind::Person => "个人",
        CustomerKind::Organisation => "企业",
    };
    vec![
        party.number.clone(),
        text(&party.name),
        kind.into(),
        text(&party.tax_number),
        text(&party.loyalty),
        phone.map(|phone| phone_written(phone, customer.index as usize)).unwrap_or_default(),
        text(&party.email),
        text(&party.account),
        if customer.western { "境外".into() } else { CITIES[customer.city].0.into() },
        customer.industry.into(),
        party.since.to_slashed_date(),
        modified.slashed_time(),
    ]
}

fn house_cells(number: &str, name: &str, kind: &str, since: LocalTime) -> Vec<String> {
    let mut cells = vec![String::new(); TABLE.headings.len()];
    for (heading, text) in [
        ("客户编号", number.to_owned()),
        ("客户名称", name.to_owned()),
        ("客户类别", kind.to_owned()),
        ("城市", "沈阳".to_owned()),
        ("建档日期", since.to_slashed_date()),
        ("最后修改时间", since.slashed_time()),
    ] {
        if let Some(at) = TABLE.headings.iter().position(|column| *column == heading) {
            cells[at] = text;
        }
    }
    cells
}

pub(crate) const MARKETPLACE: &str = "淘汇商城";

pub(crate) fn write_parties(
    customers: &[SimulatedCustomer],
    house: Option<&HouseNumbers>,
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "erp-master", branch.into());
    let mut exports = BranchExports::new("erp-customers", "erp/customers", branch, TABLE.heading_row());
    let today = LocalTime::midnight(settings.today);
    if let Some(house) = house {
        let since = today.plus_days(-2_000).at_time(8, 0, 0);
        for (number, name, kind) in
            [(&house.marketplace.number, MARKETPLACE, "平台"), (&house.walk_in.number, "散客", "散客")]
        {
            exports.main.push(since, vec![TABLE.encode_row(&house_cells(number, name, kind, since))]);
        }
    }
    for customer in customers {
        for party in customer.parties_in(SourceSystem::Erp) {
            let at = party.since;
            let row = |phone: Option<&String>, at: LocalTime| {
                vec![TABLE.encode_row(&party_cells(party, customer, phone, at))]
            };
            let first = row(party.phone.as_ref(), at);
            match &party.moved_to {
                Some((moved, phone)) => {
                    exports.push_revised((at, first), (*moved, row(Some(phone), *moved)), &mut dice)
                }
                None => exports.push(at, first, &mut dice),
            }
        }
    }
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        let customer = dice.pick(customers);
        let Some(party) = customer.parties.first() else { continue };
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let rows = vec![party_cells(party, customer, party.phone.as_ref(), party.since)];
        let rows = TABLE.damage_rows(rows, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(party.since, rows, breakage.reason);
    }
    shelf.add_exports(exports, &mut dice)
}
