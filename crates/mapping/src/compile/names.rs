//! Declares names in scopes, finds them, and tells those that are made from themselves.

use crate::program::names::{ScopeId, SlotRef};
use crate::program::scope::{NameScope, NamedSlot, ScopeTable, SlotFill, SlotType};
use crate::report::source_text::TextSpan;

impl ScopeTable {
    pub(crate) fn open_scope(&mut self, parent: Option<ScopeId>) -> ScopeId {
        self.list.push(NameScope { parent, slots: Vec::new() });
        self.list.len() - 1
    }

    pub(crate) fn declare_name(&mut self, scope: ScopeId, name: &str, span: &TextSpan, ty: SlotType) -> usize {
        let slots = &mut self.list[scope].slots;
        slots.push(NamedSlot {
            name: name.to_owned(),
            span: span.clone(),
            ty,
            words: None,
            fill: SlotFill::Nothing,
            needs: Vec::new(),
        });
        slots.len() - 1
    }

    /// Finds a name from a scope outwards. A name never means the slot that is being filled.
    pub(crate) fn find_slot(
        &self,
        from: ScopeId,
        own: Option<(ScopeId, usize)>,
        name: &str,
    ) -> Option<(SlotRef, ScopeId)> {
        let (mut scope, mut up) = (from, 0);
        loop {
            let here = self.list.get(scope)?;
            // The last of a name wins, as the event's own stands below the common one.
            let found = here.slots.iter().enumerate().rposition(|(i, s)| s.name == name && own != Some((scope, i)));
            if let Some(index) = found {
                return Some((SlotRef { up, index }, scope));
            }
            scope = here.parent?;
            up += 1;
        }
    }

    pub(crate) fn visible_names(&self, from: ScopeId) -> Vec<String> {
        let (mut names, mut at) = (Vec::new(), Some(from));
        while let Some(scope) = at.and_then(|id| self.list.get(id)) {
            names.extend(scope.slots.iter().map(|s| s.name.clone()).filter(|n| !n.starts_with('[')));
            at = scope.parent;
        }
        names
    }

    /// Slots that need themselves in the end, each once.
    pub(crate) fn self_references(&self) -> Vec<(ScopeId, usize)> {
        let mut state: Vec<Vec<u8>> = self.list.iter().map(|s| vec![0; s.slots.len()]).collect();
        let mut found = Vec::new();
        for scope in 0..self.list.len() {
            for slot in 0..self.list[scope].slots.len() {
                self.visit_slot((scope, slot), &mut state, &mut found);
            }
        }
        found
    }

    fn visit_slot(&self, at: (ScopeId, usize), state: &mut [Vec<u8>], found: &mut Vec<(ScopeId, usize)>) {
        match state[at.0][at.1] {
            0 => {}
            1 => return found.push(at),
            _ => return,
        }
        // 0: not seen, 1: on the way here, 2: done.
        state[at.0][at.1] = 1;
        let slot = &self.list[at.0].slots[at.1];
        for need in &slot.needs {
            self.visit_slot(*need, state, found);
        }
        // A list is worked out with everything in it.
        if let SlotType::List(inner) = slot.ty {
            for index in 0..self.list[inner].slots.len() {
                self.visit_slot((inner, index), state, found);
            }
        }
        state[at.0][at.1] = 2;
    }
}
