//! The ERP's goods.

use crate::corrupt::TableShape;
use crate::dice::SeededDice;
use crate::error::SimulateError;
use crate::export::{ExportSheet, ExportShelf};
use crate::goods::GOODS;
use crate::moment::LocalTime;
use crate::money::comma_grouped;
use crate::settings::CompanySettings;

const TABLE: TableShape = TableShape {
    headings: &["存货编码", "存货名称", "存货分类", "计量单位", "含税单价", "启用日期"],
    delimiter: ',',
    charset: encoding_rs::GBK,
    number: "存货编码",
};

pub(crate) fn write_goods(settings: &CompanySettings, shelf: &mut ExportShelf) -> Result<(), SimulateError> {
    let mut sheet = ExportSheet::of_lines("erp-goods", "erp/goods.csv".into(), Some(TABLE.heading_row()));
    let since = LocalTime::midnight(settings.today).plus_days(-2_000);
    for good in &GOODS {
        let cells: Vec<String> = [good.number, good.name, good.category, good.unit]
            .into_iter()
            .map(str::to_owned)
            .chain([comma_grouped(good.price), since.to_slashed_date()])
            .collect();
        sheet.push(since, vec![TABLE.encode_row(&cells)]);
    }
    shelf.put_sheet(sheet, &mut SeededDice::new(settings.seed, "erp-goods", 0))
}
