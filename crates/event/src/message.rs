//! Puts a message together field by field, for those who know it only through the catalogue.

use prost::encoding::{self, WireType};

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// Text, decimal, date or subject.
    Text(String),
    /// Truth.
    Bool(bool),
    /// A whole number that is not negative where the field is unsigned.
    Integer(i64),
    /// Number of an enum's word.
    Enum(i32),
    /// A message, by field numbers.
    Message(Vec<(u32, FieldValue)>),
    /// A list.
    List(Vec<FieldValue>),
}

impl FieldValue {
    /// Money of a decimal and an ISO 4217 code.
    pub fn money(amount: String, currency: String) -> Self {
        Self::Message(vec![(1, Self::Text(amount)), (2, Self::Text(currency))])
    }
}

/// Encodes fields as protobuf, by number, leaving out what is empty as proto3 does.
pub fn encode_message(fields: &[(u32, FieldValue)]) -> Vec<u8> {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(number, _)| *number);
    let mut out = Vec::with_capacity(128);
    for (number, value) in sorted {
        put_field(*number, value, false, &mut out);
    }
    out
}

fn put_field(number: u32, value: &FieldValue, listed: bool, out: &mut Vec<u8>) {
    match value {
        FieldValue::Text(text) if text.is_empty() && !listed => {}
        FieldValue::Text(text) => encoding::string::encode(number, text, out),
        FieldValue::Bool(false) | FieldValue::Integer(0) | FieldValue::Enum(0) if !listed => {}
        FieldValue::Bool(flag) => encoding::bool::encode(number, flag, out),
        FieldValue::Integer(n) => encoding::int64::encode(number, n, out),
        FieldValue::Enum(n) => encoding::int32::encode(number, n, out),
        FieldValue::Message(fields) => {
            let inner = encode_message(fields);
            encoding::encode_key(number, WireType::LengthDelimited, out);
            encoding::encode_varint(inner.len() as u64, out);
            out.extend_from_slice(&inner);
        }
        FieldValue::List(values) => values.iter().for_each(|value| put_field(number, value, true, out)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1;
    use prost::Message;

    #[test]
    fn what_is_put_together_decodes_as_the_generated_message() {
        let line = FieldValue::Message(vec![(9, FieldValue::Text("5.00".into())), (1, FieldValue::Text("P-1".into()))]);
        let fields = [
            (6, FieldValue::List(vec![line.clone(), line])),
            (4, FieldValue::money("10.00".into(), "CNY".into())),
            (2, FieldValue::Text("2026-03-09".into())),
        ];
        let invoice = v1::InvoiceIssued::decode(encode_message(&fields).as_slice()).unwrap();
        assert_eq!(invoice.lines[1].amount, "5.00");
        assert_eq!(invoice.total.as_ref().unwrap().currency, "CNY");
        assert_eq!(invoice.encode_to_vec(), encode_message(&fields));
    }
}
