//! Names of people and companies, as each system would write them.

use crate::dice::SeededDice;

/// Family name and its Latin spelling. Listed by how common they are: the first are drawn more often.
const FAMILIES: [(&str, &str); 36] = [
    ("王", "Wang"),
    ("李", "Li"),
    ("张", "Zhang"),
    ("刘", "Liu"),
    ("陈", "Chen"),
    ("杨", "Yang"),
    ("赵", "Zhao"),
    ("黄", "Huang"),
    ("周", "Zhou"),
    ("吴", "Wu"),
    ("徐", "Xu"),
    ("孙", "Sun"),
    ("胡", "Hu"),
    ("朱", "Zhu"),
    ("高", "Gao"),
    ("林", "Lin"),
    ("何", "He"),
    ("郭", "Guo"),
    ("马", "Ma"),
    ("罗", "Luo"),
    ("梁", "Liang"),
    ("宋", "Song"),
    ("郑", "Zheng"),
    ("谢", "Xie"),
    ("韩", "Han"),
    ("唐", "Tang"),
    ("冯", "Feng"),
    ("于", "Yu"),
    ("董", "Dong"),
    ("萧", "Xiao"),
    ("程", "Cheng"),
    ("曹", "Cao"),
    ("袁", "Yuan"),
    ("邓", "Deng"),
    ("许", "Xu"),
    ("欧阳", "Ouyang"),
];

/// Character of a given name, its Latin spelling, and one that sounds alike and is typed for it.
const GIVEN: [(&str, &str, &str); 40] = [
    ("伟", "wei", "炜"),
    ("芳", "fang", "方"),
    ("娜", "na", "那"),
    ("敏", "min", "闽"),
    ("静", "jing", "婧"),
    ("丽", "li", "莉"),
    ("强", "qiang", "墙"),
    ("磊", "lei", "蕾"),
    ("军", "jun", "君"),
    ("洋", "yang", "扬"),
    ("勇", "yong", "永"),
    ("艳", "yan", "燕"),
    ("杰", "jie", "洁"),
    ("娟", "juan", "绢"),
    ("涛", "tao", "韬"),
    ("明", "ming", "铭"),
    ("超", "chao", "朝"),
    ("秀", "xiu", "绣"),
    ("霞", "xia", "夏"),
    ("平", "ping", "萍"),
    ("刚", "gang", "钢"),
    ("桂", "gui", "贵"),
    ("玲", "ling", "铃"),
    ("辉", "hui", "晖"),
    ("鹏", "peng", "朋"),
    ("建", "jian", "健"),
    ("华", "hua", "桦"),
    ("文", "wen", "雯"),
    ("志", "zhi", "智"),
    ("海", "hai", "亥"),
    ("春", "chun", "椿"),
    ("梅", "mei", "玫"),
    ("国", "guo", "帼"),
    ("玉", "yu", "育"),
    ("晓", "xiao", "筱"),
    ("宇", "yu", "羽"),
    ("浩", "hao", "皓"),
    ("欣", "xin", "新"),
    ("雪", "xue", "薛"),
    ("龙", "long", "隆"),
];

/// City, its Latin name, and the district code that its companies' tax numbers begin with.
pub(crate) const CITIES: [(&str, &str, &str); 10] = [
    ("沈阳", "Shenyang", "210100"),
    ("大连", "Dalian", "210200"),
    ("北京", "Beijing", "110000"),
    ("上海", "Shanghai", "310000"),
    ("广州", "Guangzhou", "440100"),
    ("深圳", "Shenzhen", "440300"),
    ("杭州", "Hangzhou", "330100"),
    ("成都", "Chengdu", "510100"),
    ("武汉", "Wuhan", "420100"),
    ("西安", "Xian", "610100"),
];

const BRANDS: [(&str, &str); 24] = [
    ("华强", "Huaqiang"),
    ("鑫源", "Xinyuan"),
    ("宏达", "Hongda"),
    ("恒泰", "Hengtai"),
    ("瑞丰", "Ruifeng"),
    ("金鼎", "Jinding"),
    ("德胜", "Desheng"),
    ("永安", "Yongan"),
    ("东方", "Dongfang"),
    ("博雅", "Boya"),
    ("嘉禾", "Jiahe"),
    ("天成", "Tiancheng"),
    ("万隆", "Wanlong"),
    ("盛世", "Shengshi"),
    ("新锐", "Xinrui"),
    ("中联", "Zhonglian"),
    ("长青", "Changqing"),
    ("百川", "Baichuan"),
    ("同创", "Tongchuang"),
    ("力合", "Lihe"),
    ("明珠", "Mingzhu"),
    ("远航", "Yuanhang"),
    ("启航", "Qihang"),
    ("福临", "Fulin"),
];

/// Line of business, as in the company's name, in Latin, and as an industry.
const TRADES: [(&str, &str, &str); 8] = [
    ("板材", "Panels", "建材"),
    ("家具", "Furniture", "家具"),
    ("装饰", "Decoration", "装修"),
    ("木业", "Timber", "建材"),
    ("橱柜", "Cabinets", "家具"),
    ("建材", "Building Materials", "建材"),
    ("工程", "Engineering", "装修"),
    ("门窗", "Windows and Doors", "建材"),
];

const WEST_GIVEN: [&str; 16] = [
    "Anna", "Günter", "André", "Lena", "Thomas", "Hélène", "Markus", "Sophie", "Peter", "Jürgen", "Claire", "Nils",
    "Petra", "René", "Ingrid", "Paul",
];

/// Western family names as the ERP writes them, and as the bank does: GBK has é and ü, but neither ö nor ß.
const WEST_FAMILIES: [(&str, &str); 16] = [
    ("Müller", "Müller"),
    ("Schroeder", "Schröder"),
    ("Weber", "Weber"),
    ("Gross", "Groß"),
    ("Lefebvre", "Lefebvre"),
    ("Moreau", "Moreau"),
    ("Koenig", "König"),
    ("Hoffmann", "Hoffmann"),
    ("Dupré", "Dupré"),
    ("Bauer", "Bauer"),
    ("Krüger", "Krüger"),
    ("Jansen", "Jansen"),
    ("Laurent", "Laurent"),
    ("Vogel", "Vogel"),
    ("Baecker", "Bäcker"),
    ("Martin", "Martin"),
];

/// A name as the company's own systems write it, and as the bank does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameVariants {
    pub(crate) full: String,
    pub(crate) latin: String,
}

/// A person of China. Family and given name are drawn apart, so that relatives can share the first.
pub(crate) fn chinese_person(dice: &mut SeededDice, family: Option<usize>, not_given: &str) -> (NameVariants, usize) {
    let family = family.unwrap_or_else(|| {
        let (a, b) = (dice.below(FAMILIES.len()), dice.below(FAMILIES.len()));
        a.min(b)
    });
    let (hanzi, latin) = FAMILIES[family];
    loop {
        // Short given names of common characters: that is how several people come to be 王伟.
        let first = GIVEN[dice.below(GIVEN.len()).min(dice.below(GIVEN.len()))];
        let second = dice.chance(600).then(|| *dice.pick(&GIVEN));
        let full = match second {
            Some(second) => format!("{hanzi}{}{}", first.0, second.0),
            None => format!("{hanzi}{}", first.0),
        };
        if full == not_given {
            continue;
        }
        let given = match second {
            Some(second) => format!("{}{}", first.1, second.1),
            None => first.1.to_owned(),
        };
        return (NameVariants { full, latin: format!("{latin} {}", capitalise_word(&given)) }, family);
    }
}

/// A company of China: name, city and industry.
pub(crate) fn chinese_company(dice: &mut SeededDice) -> (NameVariants, usize, &'static str) {
    let city = dice.below(CITIES.len());
    let (a, b) = (dice.pick(&BRANDS), dice.pick(&BRANDS));
    let trade = dice.pick(&TRADES);
    let (hanzi, latin, _) = CITIES[city];
    let named = NameVariants {
        full: format!("{hanzi}{}{}{}有限公司", a.0, b.0, trade.0),
        latin: format!("{latin} {}{} {} Co., Ltd.", a.1, b.1.to_lowercase(), trade.1),
    };
    (named, city, trade.2)
}

/// A person of Europe.
pub(crate) fn western_person(dice: &mut SeededDice, family: Option<usize>, not_given: &str) -> (NameVariants, usize) {
    let family = family.unwrap_or_else(|| dice.below(WEST_FAMILIES.len()));
    let (ours, theirs) = WEST_FAMILIES[family];
    loop {
        let given = dice.pick(&WEST_GIVEN);
        let full = format!("{given} {ours}");
        if full != not_given {
            return (NameVariants { full, latin: format!("{given} {theirs}") }, family);
        }
    }
}

/// A company of Europe.
pub(crate) fn western_company(dice: &mut SeededDice) -> NameVariants {
    let (ours, theirs) = dice.pick(&WEST_FAMILIES);
    let what = dice.pick(&["Möbel", "Holz", "Interieur", "Werkstätten", "Bois"]);
    let second = dice.pick(&WEST_GIVEN);
    NameVariants {
        // ö and ä are beyond GBK: the ERP's clerk spells them out.
        full: format!("{ours} {second} {} GmbH", what.replace('ö', "oe").replace('ä', "ae")),
        latin: format!("{theirs} {second} {what} GmbH"),
    }
}

/// The name as somebody mistypes it; never the name itself.
pub(crate) fn misspell_name(name: &str, dice: &mut SeededDice) -> String {
    for (right, _, wrong) in GIVEN {
        // The family name stands first and is not touched.
        if let Some(at) = name.rfind(right)
            && at > 0
        {
            return format!("{}{wrong}{}", &name[..at], &name[at + right.len()..]);
        }
    }
    if let Some(stem) = name.strip_suffix("有限公司") {
        return format!("{stem}公司");
    }
    let mut letters: Vec<char> = name.chars().collect();
    let pairs: Vec<usize> = (1..letters.len().saturating_sub(1))
        .filter(|i| letters[*i].is_alphabetic() && letters[*i + 1].is_alphabetic() && letters[*i] != letters[*i + 1])
        .collect();
    if pairs.is_empty() {
        letters.push('x');
    } else {
        let at = *dice.pick(&pairs);
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

/// The part of an e-mail address before the number.
pub(crate) fn mailbox_name(latin: &str) -> String {
    latin.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(16).collect()
}

fn capitalise_word(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_another_name() {
        let mut dice = SeededDice::new(5, "names", 0);
        for _ in 0..3_000 {
            for name in [
                chinese_person(&mut dice, None, "").0.full,
                western_person(&mut dice, None, "").0.full,
                chinese_company(&mut dice).0.full,
                western_company(&mut dice).full,
            ] {
                assert_ne!(misspell_name(&name, &mut dice), name);
            }
        }
    }

    #[test]
    fn every_name_can_be_written_in_gbk_and_every_latin_one_in_windows_1252() {
        let mut dice = SeededDice::new(6, "names", 0);
        for _ in 0..3_000 {
            for named in [
                chinese_person(&mut dice, None, "").0,
                western_person(&mut dice, None, "").0,
                chinese_company(&mut dice).0,
                western_company(&mut dice),
            ] {
                let wrong = misspell_name(&named.full, &mut dice);
                assert!(!encoding_rs::GBK.encode(&named.full).2, "{}", named.full);
                assert!(!encoding_rs::GBK.encode(&wrong).2, "{wrong}");
                assert!(!encoding_rs::WINDOWS_1252.encode(&named.latin).2, "{}", named.latin);
            }
        }
    }
}
