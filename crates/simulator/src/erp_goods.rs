//! The ERP's goods.

use crate::corrupt::Table;
use crate::dice::Dice;
use crate::error::SimulateError;
use crate::export::{Sheet, Shelf};
use crate::goods::GOODS;
use crate::moment::Moment;
use crate::money::comma_grouped;
use crate::settings::Settings;

const TABLE: Table = Table {
    headings: &["存货编码", "存货名称", "存货分类", "计量单位", "含税单价", "启用日期"],
    delimiter: ',',
    charset: encoding_rs::GBK,
    number: "存货编码",
};

pub(crate) fn write(settings: &Settings, shelf: &mut Shelf) -> Result<(), SimulateError> {
    let mut sheet = Sheet::of_lines("erp-goods", "erp/goods.csv".into(), Some(TABLE.heading()));
    let since = Moment::midnight(settings.today).plus_days(-2_000);
    for good in &GOODS {
        let cells: Vec<String> = [good.number, good.name, good.category, good.unit]
            .into_iter()
            .map(str::to_owned)
            .chain([comma_grouped(good.price), since.slashed()])
            .collect();
        sheet.push(since, vec![TABLE.row(&cells)]);
    }
    shelf.put_sheet(sheet, &mut Dice::new(settings.seed, "erp-goods", 0))
}
