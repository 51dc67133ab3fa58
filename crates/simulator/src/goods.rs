//! What the company sells: boards, edges, paint and glue, and the tools to use them.

pub(crate) struct StockItem {
    pub(crate) number: &'static str,
    pub(crate) name: &'static str,
    pub(crate) category: &'static str,
    /// As the ERP writes it.
    pub(crate) unit: &'static str,
    /// List price with tax, in fen.
    pub(crate) price: i64,
}

const fn stock_item(
    number: &'static str,
    name: &'static str,
    category: &'static str,
    unit: &'static str,
    price: i64,
) -> StockItem {
    StockItem { number, name, category, unit, price }
}

pub(crate) const GOODS: [StockItem; 18] = [
    stock_item("P-0101", "多层板 9mm", "板材", "张", 9_800),
    stock_item("P-0104", "刨花板 16mm", "板材", "张", 8_650),
    stock_item("P-0107", "中纤板 18mm", "板材", "张", 12_500),
    stock_item("P-0108", "中纤板 25mm", "板材", "张", 16_990),
    stock_item("P-0110", "封边条 PVC 22mm", "辅料", "卷", 11_000),
    stock_item("P-0111", "封边条 ABS 42mm", "辅料", "卷", 18_850),
    stock_item("P-0201", "水性木器漆 5L", "涂料", "桶", 36_800),
    stock_item("P-0202", "木蜡油 1L", "涂料", "桶", 15_900),
    stock_item("P-0203", "底漆 白色 10L", "涂料", "桶", 42_000),
    stock_item("P-0204", "稀释剂 5L", "涂料", "桶", 9_990),
    stock_item("P-0301", "白乳胶 10kg", "胶粘剂", "桶", 8_800),
    stock_item("P-0302", "热熔胶 25kg", "胶粘剂", "袋", 31_550),
    stock_item("P-0401", "铰链 35mm", "五金", "个", 655),
    stock_item("P-0402", "三节导轨 450mm", "五金", "副", 2_875),
    stock_item("P-0403", "自攻螺丝 4x40", "五金", "盒", 1_999),
    stock_item("P-0501", "砂纸 240目", "耗材", "包", 2_450),
    stock_item("P-0502", "羊毛刷 3寸", "耗材", "个", 899),
    stock_item("P-0503", "美纹纸 24mm", "耗材", "卷", 365),
];

/// The paint whose bucket leaks in the complaint.
pub(crate) const LEAKING: usize = 6;
