//! The counters from which each system numbers what it keeps, each in its own way.

/// Carried from branch to branch: no number is given twice.
#[derive(Debug, Clone)]
pub(crate) struct NumberSeries {
    erp_customer: u32,
    payer: u32,
    consignee: u32,
    contact: u32,
    order: u32,
    invoice: u32,
    note: u32,
    adjustment: u32,
    payment: u32,
    reversal: u32,
    refund: u32,
    delivery: u32,
    goods_return: u32,
    movement: u32,
    waybill: u64,
    case: u32,
    call: u32,
    desk_entry: u32,
    broken: u32,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident($field:ident) = $format:literal;)*) => {
        $($(#[$doc])* pub(crate) fn $name(&mut self) -> String {
            self.$field += 1;
            format!($format, self.$field)
        })*
    };
}

impl NumberSeries {
    pub(crate) fn new() -> Self {
        Self {
            erp_customer: 0,
            payer: 70_310_000,
            consignee: 0,
            contact: 1_000_000,
            order: 0,
            invoice: 0,
            note: 0,
            adjustment: 0,
            payment: 4_400_000,
            reversal: 0,
            refund: 0,
            delivery: 0,
            goods_return: 0,
            movement: 0,
            waybill: 0,
            case: 0,
            call: 0,
            desk_entry: 0,
            broken: 0,
        }
    }

    counters! {
        erp_customer(erp_customer) = "K{:05}";
        payer(payer) = "{}";
        consignee(consignee) = "SH-{:06}";
        order(order) = "SO-{:07}";
        invoice(invoice) = "XS-{:07}";
        note(note) = "HZ-{:06}";
        adjustment(adjustment) = "TZ-{:05}";
        payment(payment) = "ZE{}";
        reversal(reversal) = "ST{:05}";
        refund(refund) = "RZ{:05}";
        delivery(delivery) = "DN-{:07}";
        goods_return(goods_return) = "RT-{:06}";
        movement(movement) = "MV-{:08}";
        case(case) = "CS-{:06}";
        call(call) = "CL-{:06}";
        desk_entry(desk_entry) = "E{:08}";
        /// For a record that is made to be refused: nothing else bears its number.
        broken(broken) = "X{:05}";
    }

    /// The desk's numbers leave gaps, as if others drew from them too.
    pub(crate) fn next_contact(&mut self) -> String {
        self.contact += 3 + self.contact % 5;
        format!("D-{}", self.contact)
    }

    pub(crate) fn next_waybill(&mut self, carrier: &str) -> String {
        self.waybill += 1;
        match carrier {
            "sf" => format!("SF{:013}", 1_400_000_000_000 + self.waybill * 37),
            "yto" => format!("YT{:013}", 8_800_000_000_000 + self.waybill * 53),
            _ => format!("JJD{:017}", 14_600_000_000_000_000 + self.waybill * 71),
        }
    }
}
