//! Why a value that is shown is what it is: the formula and its figures, what adds up to it, what lost and by which rule, and the
//! events that it rests on.

mod answer;
mod basis;
mod customer;
mod document;
mod events;
mod field;
mod identity;
mod path;

pub use answer::{
    ExplainedFigure, ExplainedLink, ExplainedPart, ExplainedStatement, ExplainedTerm, Explanation, LostPart,
};
