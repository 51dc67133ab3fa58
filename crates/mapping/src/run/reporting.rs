//! Faults of a cell, reported where they belong.

use onefold_event::{Problem, ValueFault};

use crate::program::cell::{CellDef, CellOrigin};
use crate::program::paths::PathId;
use crate::run::frame::{ReportedFault, ScopeFrame};

impl<'f, 'r> ScopeFrame<'f, 'r> {
    /// Reports a fault of a cell where it belongs: an error, or a finding where the cell allows it.
    pub(crate) fn report_fault_at(
        &self,
        cell: &CellDef,
        path: Option<PathId>,
        rows: &[usize],
        fault: ValueFault,
    ) -> ReportedFault {
        let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
        problem.path = path.map_or("", |p| self.run.plan.path_text(p)).to_owned();
        // Advice is to be copied: it names the heading where there is one.
        let heading = if problem.path.is_empty() { "…" } else { &problem.path };
        problem.help =
            fault.help.iter().map(|h| h.replace("{ from = \"…\"", &format!("{{ from = \"{heading}\""))).collect();
        problem.lines = self.run.line_numbers(rows);
        self.report_problem(cell, problem)
    }

    pub(crate) fn report_problem(&self, cell: &CellDef, mut problem: Problem) -> ReportedFault {
        problem.target.clone_from(&cell.target);
        problem.mapping = Some(self.run.plan.position_of(&cell.span));
        let list = if cell.lenient { &self.run.findings } else { &self.run.errors };
        let mut list = list.borrow_mut();
        // A cell that several events take is worked out for each: one fault is told once.
        if !list.contains(&problem) {
            list.push(problem);
        }
        ReportedFault
    }

    /// A finding, where nothing is wrong enough for an error.
    pub(crate) fn add_finding(&self, cell: &CellDef, fault: ValueFault) {
        let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
        problem.target.clone_from(&cell.target);
        problem.path = path_of(cell).map_or("", |p| self.run.plan.path_text(p)).to_owned();
        problem.mapping = Some(self.run.plan.position_of(&cell.span));
        problem.lines = self.run.line_numbers(&self.row_range().take(8).collect::<Vec<_>>());
        let mut findings = self.run.findings.borrow_mut();
        if !findings.contains(&problem) {
            findings.push(problem);
        }
    }

    pub(crate) fn report_fault(&self, cell: &CellDef, fault: ValueFault) -> ReportedFault {
        let rows: Vec<usize> = self.row_range().take(8).collect();
        self.report_fault_at(cell, path_of(cell), &rows, fault)
    }

    pub(crate) fn report_missing(&self, cell: &CellDef) -> ReportedFault {
        let path = match &cell.origin {
            CellOrigin::From(path) => Some(*path),
            CellOrigin::FirstOf(paths) | CellOrigin::Join { paths, .. } => paths.first().copied(),
            _ => None,
        };
        let rows: Vec<usize> = self.row_range().take(8).collect();
        let fault =
            ValueFault::new("R0402", "a required value is missing").instead("", format!("a {}", cell.ty.type_word()));
        self.report_fault_at(cell, path, &rows, fault)
    }
}

pub(crate) fn path_of(cell: &CellDef) -> Option<PathId> {
    match &cell.origin {
        CellOrigin::From(path) => Some(*path),
        _ => None,
    }
}
