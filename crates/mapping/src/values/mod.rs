//! Typed values, and how sources write them. Known to every phase; knows none.

pub(crate) mod currency_mark;
pub(crate) mod date_pattern;
pub(crate) mod fold;
pub(crate) mod instant;
pub(crate) mod month_name;
pub(crate) mod number;
pub(crate) mod text_edit;
pub(crate) mod value;
pub(crate) mod written_time;
