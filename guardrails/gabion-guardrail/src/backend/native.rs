//! On the host's own types: the same reads as in the sandbox, noted in the same way.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use gabion_model as model;

use crate::change::{Mode, Operation, Stage};
use crate::graph::Reference;
use crate::value::{Kind, Secret, Why};

/// The reads of one evaluation.
pub(crate) type SharedTrace = Rc<RefCell<model::Trace>>;

pub(crate) fn log(_message: &str) {}

fn why(why: model::Unreadable) -> Why {
    match why {
        model::Unreadable::Unknown => Why::Unknown,
        model::Unreadable::Computed => Why::Computed,
        model::Unreadable::Sensitive => Why::Sensitive,
        model::Unreadable::WrongKind => Why::WrongKind,
        model::Unreadable::NoSuchPath => Why::NoSuchPath,
        model::Unreadable::NoSchema => Why::NoSchema,
        model::Unreadable::NotJson => Why::NotJson,
    }
}

#[derive(Debug)]
pub(crate) struct Value {
    view: model::View,
    trace: SharedTrace,
}

impl Value {
    fn new(tree: &Arc<model::Tree>, side: model::Side, trace: &SharedTrace) -> Self {
        Self {
            view: model::View::root(tree.clone(), side),
            trace: trace.clone(),
        }
    }

    fn moved(&self, view: model::View) -> Self {
        Self {
            view,
            trace: self.trace.clone(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.view.kind(&mut self.trace.borrow_mut()) {
            model::Kind::Null => Kind::Null,
            model::Kind::Boolean => Kind::Boolean,
            model::Kind::Number => Kind::Number,
            model::Kind::Text => Kind::Text,
            model::Kind::Sequence => Kind::Sequence,
            model::Kind::Mapping => Kind::Mapping,
            model::Kind::Unknown => Kind::Unknown,
            model::Kind::Computed => Kind::Computed,
        }
    }

    pub(crate) fn sensitive(&self) -> bool {
        self.view.is_sensitive()
    }

    pub(crate) fn get(&self, name: &str) -> Self {
        self.moved(self.view.get(name))
    }

    pub(crate) fn at(&self, index: u32) -> Self {
        self.moved(self.view.at(index))
    }

    pub(crate) fn find(&self, path: &str) -> Result<Self, String> {
        Ok(self.moved(self.view.find(&model::Path::parse(path)?)))
    }

    pub(crate) fn elements(&self) -> Result<Vec<Self>, Why> {
        let elements = self
            .view
            .elements(&mut self.trace.borrow_mut())
            .map_err(why)?;
        Ok(elements.into_iter().map(|view| self.moved(view)).collect())
    }

    pub(crate) fn keys(&self) -> Result<Vec<String>, Why> {
        let keys = self.view.keys(&mut self.trace.borrow_mut()).map_err(why)?;
        Ok(keys.iter().map(ToString::to_string).collect())
    }

    pub(crate) fn size(&self) -> Result<u32, Why> {
        self.view.size(&mut self.trace.borrow_mut()).map_err(why)
    }

    pub(crate) fn boolean(&self) -> Result<Option<bool>, Why> {
        self.view.boolean(&mut self.trace.borrow_mut()).map_err(why)
    }

    pub(crate) fn number(&self) -> Result<Option<String>, Why> {
        Ok(self
            .view
            .number(&mut self.trace.borrow_mut())
            .map_err(why)?
            .map(ToOwned::to_owned))
    }

    pub(crate) fn text(&self) -> Result<Option<String>, Why> {
        Ok(self
            .view
            .text(&mut self.trace.borrow_mut())
            .map_err(why)?
            .map(ToOwned::to_owned))
    }

    pub(crate) fn equal_to(&self, other: &Self) -> Result<bool, Why> {
        self.view
            .equal_to(&other.view, &mut self.trace.borrow_mut())
            .map_err(why)
    }

    pub(crate) fn path(&self) -> String {
        self.view.path().to_string()
    }

    pub(crate) fn document(&self) -> Result<Self, Why> {
        let document = self
            .view
            .document(&mut self.trace.borrow_mut())
            .map_err(why)?;
        Ok(self.moved(document))
    }

    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let found = self.view.secrets(&mut self.trace.borrow_mut());
        found
            .into_iter()
            .map(|secret| Secret {
                kind: secret.kind,
                path: secret.path.to_string(),
            })
            .collect()
    }
}

#[derive(Debug)]
pub(crate) struct Change {
    change: Arc<model::Change>,
    trace: SharedTrace,
}

impl Change {
    pub(crate) fn new(change: &Arc<model::Change>, trace: &SharedTrace) -> Self {
        Self {
            change: change.clone(),
            trace: trace.clone(),
        }
    }

    pub(crate) fn resource_type(&self) -> String {
        self.change.resource_type.clone()
    }

    pub(crate) fn mode(&self) -> Mode {
        match self.change.mode {
            model::Mode::Managed => Mode::Managed,
            model::Mode::Data => Mode::Data,
            model::Mode::Ephemeral => Mode::Ephemeral,
        }
    }

    pub(crate) fn provider(&self) -> String {
        self.change.provider.clone()
    }

    pub(crate) fn provider_version(&self) -> Option<String> {
        self.change.provider_version.clone()
    }

    pub(crate) fn operation(&self) -> Operation {
        match self.change.operation {
            model::Operation::Create => Operation::Create,
            model::Operation::Update => Operation::Update,
            model::Operation::Replace => Operation::Replace,
            model::Operation::Delete => Operation::Delete,
            model::Operation::NoOp => Operation::NoOp,
            model::Operation::Read => Operation::Read,
            model::Operation::Open => Operation::Open,
            model::Operation::Import => Operation::Import,
            model::Operation::Move => Operation::Move,
            model::Operation::Forget => Operation::Forget,
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.change.stage {
            model::Stage::Plan => Stage::Plan,
            model::Stage::Apply => Stage::Apply,
            model::Stage::Check => Stage::Check,
        }
    }

    pub(crate) fn before(&self) -> Value {
        Value::new(&self.change.before, model::Side::Before, &self.trace)
    }

    pub(crate) fn after(&self) -> Value {
        Value::new(&self.change.after, model::Side::After, &self.trace)
    }

    /// A text that is no path is set nowhere, and nothing was asked.
    pub(crate) fn configured(&self, path: &str) -> Option<bool> {
        let path = model::Path::parse(path).ok()?;
        let answer = self.change.configured(&path);
        self.trace
            .borrow_mut()
            .note_configured(path, answer.is_some());
        answer
    }

    pub(crate) fn provider_configuration(&self) -> Value {
        Value::new(
            &self.change.provider_configuration,
            model::Side::ProviderConfiguration,
            &self.trace,
        )
    }

    pub(crate) fn address(&self) -> Option<String> {
        self.change.address.clone()
    }

    pub(crate) fn module_address(&self) -> Option<String> {
        self.change.module_address.clone()
    }
}

#[derive(Debug)]
pub(crate) struct Graph {
    graph: Arc<model::Graph>,
    trace: SharedTrace,
}

impl Graph {
    pub(crate) fn new(graph: &Arc<model::Graph>, trace: &SharedTrace) -> Self {
        Self {
            graph: graph.clone(),
            trace: trace.clone(),
        }
    }

    pub(crate) fn complete(&self) -> bool {
        self.graph.complete
    }

    fn at(&self, positions: Vec<usize>) -> Vec<Change> {
        let change = |position: usize| {
            self.graph
                .changes
                .get(position)
                .map(|change| Change::new(change, &self.trace))
        };
        positions.into_iter().filter_map(change).collect()
    }

    pub(crate) fn changes(&self, resource_type: &str) -> Vec<Change> {
        self.at(self.graph.of_type(resource_type))
    }

    pub(crate) fn references(&self, change: &Change) -> Vec<Reference> {
        let Some(position) = self
            .graph
            .changes
            .iter()
            .position(|other| Arc::ptr_eq(other, &change.change))
        else {
            return Vec::new();
        };
        let reference = |reference: &model::Reference| Reference {
            path: reference.path.to_string(),
            address: reference.address.clone(),
            attribute: reference.attribute.clone(),
        };
        self.graph
            .references_of(position)
            .iter()
            .map(reference)
            .collect()
    }

    pub(crate) fn referrers(&self, change: &Change) -> Vec<Change> {
        self.at(self.graph.referrers().of(&change.change))
    }
}
