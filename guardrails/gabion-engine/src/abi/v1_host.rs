//! What the host answers to the calls of a guest: every read goes through [`gabion_model::View`], which notes it.

use std::sync::Arc;

use gabion_model::{Change, Graph, Path, Side, View};
use wasmtime::component::Resource;

use crate::abi::handles::{ChangeHandle, Entry, GraphHandle, ValueHandle};
use crate::abi::state::{DEEPEST, LONGEST, Severity, State, Stop};
use crate::abi::v1::{log, plan, values};

type Value = Resource<ValueHandle>;
type Trapping<T> = wasmtime::Result<T>;
type Answer<T> = wasmtime::Result<Result<T, values::Unreadable>>;

impl State {
    fn view(&self, handle: &Value) -> Result<(&View, u32), Stop> {
        match self.handles.get(handle.rep()) {
            Some(Entry::Value(view, depth)) => Ok((view, *depth)),
            _ => Err(Stop::Stale),
        }
    }

    fn change(
        &self,
        handle: &Resource<ChangeHandle>,
    ) -> Result<(&Arc<Change>, Option<usize>), Stop> {
        match self.handles.get(handle.rep()) {
            Some(Entry::Change(change, position)) => Ok((change, *position)),
            _ => Err(Stop::Stale),
        }
    }

    fn graph(&self, handle: &Resource<GraphHandle>) -> Result<Arc<Graph>, Stop> {
        match self.handles.get(handle.rep()) {
            Some(Entry::Plan(graph)) => Ok(graph.clone()),
            _ => Err(Stop::Stale),
        }
    }

    fn hand_out(&mut self, view: View, depth: u32) -> Result<Value, Stop> {
        if depth > DEEPEST {
            return Err(Stop::Depth(DEEPEST));
        }
        Ok(Resource::new_own(self.insert(Entry::Value(view, depth))?))
    }

    fn root(&mut self, view: View) -> Trapping<Value> {
        Ok(self.hand_out(view, 0)?)
    }

    /// A noted read, and the path that is spelled out for it when the call has ended.
    fn charge_read(&mut self, handle: &Value) -> Result<(), Stop> {
        let weight = self.view(handle)?.0.weight();
        self.charge(64 + weight)
    }

    /// A view and the trace beside it, for a read.
    fn reading<T>(
        &mut self,
        handle: &Value,
        read: impl FnOnce(&View, &mut gabion_model::Trace) -> Result<T, gabion_model::Unreadable>,
    ) -> Answer<T> {
        self.charge_read(handle)?;
        let Self { handles, trace, .. } = self;
        let Some(Entry::Value(view, _)) = handles.get(handle.rep()) else {
            return Err(Stop::Stale.into());
        };
        Ok(read(view, trace).map_err(values::Unreadable::from))
    }

    fn hand_out_changes(
        &mut self,
        graph: &Graph,
        positions: &[usize],
    ) -> Trapping<Vec<Resource<ChangeHandle>>> {
        let mut handles = Vec::with_capacity(positions.len());
        for position in positions {
            if let Some(change) = graph.changes.get(*position) {
                let entry = Entry::Change(change.clone(), Some(*position));
                handles.push(Resource::new_own(self.insert(entry)?));
            }
        }
        Ok(handles)
    }

    /// Where a change stands in the graph: as it was handed out, else the same object.
    fn position(
        &self,
        graph: &Graph,
        handle: &Resource<ChangeHandle>,
    ) -> Result<Option<usize>, Stop> {
        let (change, position) = self.change(handle)?;
        Ok(position.or_else(|| {
            graph
                .changes
                .iter()
                .position(|known| Arc::ptr_eq(known, change))
        }))
    }
}

fn named(name: &str) -> Result<(), Stop> {
    if name.len() > LONGEST {
        Err(Stop::Name(LONGEST))
    } else {
        Ok(())
    }
}

impl values::Host for State {}

impl values::HostValue for State {
    fn kind(&mut self, handle: Value) -> Trapping<values::Kind> {
        self.charge_read(&handle)?;
        let Self { handles, trace, .. } = self;
        let Some(Entry::Value(view, _)) = handles.get(handle.rep()) else {
            return Err(Stop::Stale.into());
        };
        Ok(view.kind(trace).into())
    }

    fn sensitive(&mut self, handle: Value) -> Trapping<bool> {
        Ok(self.view(&handle)?.0.is_sensitive())
    }

    fn get(&mut self, handle: Value, name: String) -> Trapping<Value> {
        named(&name)?;
        // A name that the tree does not have is kept, with the steps before it.
        let (view, depth) = self.view(&handle)?;
        let below = view.get(&name);
        self.charge(name.len() + 32 * depth as usize)?;
        Ok(self.hand_out(below, depth + 1)?)
    }

    fn at(&mut self, handle: Value, index: u32) -> Trapping<Value> {
        let (view, depth) = self.view(&handle)?;
        let below = view.at(index);
        self.charge(32 * depth as usize)?;
        Ok(self.hand_out(below, depth + 1)?)
    }

    fn find(&mut self, handle: Value, path: String) -> Trapping<Result<Value, String>> {
        named(&path)?;
        self.charge(path.len())?;
        let path = match Path::parse(&path) {
            Ok(path) => path,
            Err(error) => return Ok(Err(error)),
        };
        let (view, depth) = self.view(&handle)?;
        let steps = u32::try_from(path.steps().len()).unwrap_or(u32::MAX);
        let depth = depth.saturating_add(steps);
        if depth > DEEPEST {
            return Err(Stop::Depth(DEEPEST).into());
        }
        let below = view.find(&path);
        self.charge(LONGEST.min(32 * depth as usize * steps as usize))?;
        Ok(Ok(self.hand_out(below, depth)?))
    }

    fn elements(&mut self, handle: Value) -> Answer<Vec<Value>> {
        let depth = self.view(&handle)?.1;
        match self.reading(&handle, |view, trace| view.elements(trace))? {
            Ok(views) => {
                let mut handles = Vec::with_capacity(views.len());
                for view in views {
                    handles.push(self.hand_out(view, depth + 1)?);
                }
                Ok(Ok(handles))
            }
            Err(why) => Ok(Err(why)),
        }
    }

    fn keys(&mut self, handle: Value) -> Answer<Vec<String>> {
        let keys = self.reading(&handle, |view, trace| view.keys(trace))?;
        Ok(keys.map(|keys| keys.iter().map(ToString::to_string).collect()))
    }

    fn size(&mut self, handle: Value) -> Answer<u32> {
        self.reading(&handle, |view, trace| view.size(trace))
    }

    fn boolean(&mut self, handle: Value) -> Answer<Option<bool>> {
        self.reading(&handle, |view, trace| view.boolean(trace))
    }

    fn number(&mut self, handle: Value) -> Answer<Option<String>> {
        self.reading(&handle, |view, trace| {
            Ok(view.number(trace)?.map(str::to_owned))
        })
    }

    fn text(&mut self, handle: Value) -> Answer<Option<String>> {
        self.reading(&handle, |view, trace| {
            Ok(view.text(trace)?.map(str::to_owned))
        })
    }

    fn equal_to(&mut self, handle: Value, other: Value) -> Answer<bool> {
        self.charge_read(&other)?;
        let other = self.view(&other)?.0.clone();
        self.reading(&handle, |view, trace| view.equal_to(&other, trace))
    }

    fn path(&mut self, handle: Value) -> Trapping<String> {
        Ok(self.view(&handle)?.0.path().to_string())
    }

    fn document(&mut self, handle: Value) -> Answer<Value> {
        let depth = self.view(&handle)?.1;
        // Parsed JSON takes about thirty times the room of its text.
        let mut quiet = gabion_model::Trace::new();
        let length = self.view(&handle)?.0.size(&mut quiet).unwrap_or(0);
        self.charge(32 * length as usize)?;
        match self.reading(&handle, |view, trace| view.document(trace))? {
            Ok(view) => Ok(Ok(self.hand_out(view, depth + 1)?)),
            Err(why) => Ok(Err(why)),
        }
    }

    fn secrets(&mut self, handle: Value) -> Trapping<Vec<values::Secret>> {
        // Searching a text takes the time of many reads of it, so it is paid for before it begins.
        let length = self.view(&handle)?.0.text_length();
        self.charge(8 * length)?;
        let before = self.trace.len();
        let found = {
            let Self { handles, trace, .. } = self;
            let Some(Entry::Value(view, _)) = handles.get(handle.rep()) else {
                return Err(Stop::Stale.into());
            };
            view.secrets(trace)
        };
        self.charge(128 * (1 + found.len() + self.trace.len() - before))?;
        Ok(found
            .into_iter()
            .map(|secret| values::Secret {
                kind: secret.kind,
                path: secret.path.to_string(),
            })
            .collect())
    }

    fn drop(&mut self, handle: Value) -> Trapping<()> {
        self.handles.remove(handle.rep());
        Ok(())
    }
}

impl plan::Host for State {}

impl plan::HostChange for State {
    fn resource_type(&mut self, handle: Resource<ChangeHandle>) -> Trapping<String> {
        Ok(self.change(&handle)?.0.resource_type.clone())
    }

    fn mode(&mut self, handle: Resource<ChangeHandle>) -> Trapping<plan::Mode> {
        Ok(self.change(&handle)?.0.mode.into())
    }

    fn provider(&mut self, handle: Resource<ChangeHandle>) -> Trapping<String> {
        Ok(self.change(&handle)?.0.provider.clone())
    }

    fn provider_version(&mut self, handle: Resource<ChangeHandle>) -> Trapping<Option<String>> {
        Ok(self.change(&handle)?.0.provider_version.clone())
    }

    fn operation(&mut self, handle: Resource<ChangeHandle>) -> Trapping<plan::Operation> {
        Ok(self.change(&handle)?.0.operation.into())
    }

    fn stage(&mut self, handle: Resource<ChangeHandle>) -> Trapping<plan::Stage> {
        Ok(self.change(&handle)?.0.stage.into())
    }

    fn before(&mut self, handle: Resource<ChangeHandle>) -> Trapping<Value> {
        let tree = self.change(&handle)?.0.before.clone();
        self.root(View::root(tree, Side::Before))
    }

    fn after(&mut self, handle: Resource<ChangeHandle>) -> Trapping<Value> {
        let tree = self.change(&handle)?.0.after.clone();
        self.root(View::root(tree, Side::After))
    }

    fn configured(
        &mut self,
        handle: Resource<ChangeHandle>,
        path: String,
    ) -> Trapping<Option<bool>> {
        named(&path)?;
        self.charge(path.len())?;
        let path = Path::parse(&path).map_err(Stop::Path)?;
        let told = self.change(&handle)?.0.configured(&path);
        self.charge(64 + 64 * path.steps().len())?;
        self.trace.note_configured(path, told.is_some());
        Ok(told)
    }

    fn provider_configuration(&mut self, handle: Resource<ChangeHandle>) -> Trapping<Value> {
        let tree = self.change(&handle)?.0.provider_configuration.clone();
        self.root(View::root(tree, Side::ProviderConfiguration))
    }

    fn address(&mut self, handle: Resource<ChangeHandle>) -> Trapping<Option<String>> {
        Ok(self.change(&handle)?.0.address.clone())
    }

    fn module_address(&mut self, handle: Resource<ChangeHandle>) -> Trapping<Option<String>> {
        Ok(self.change(&handle)?.0.module_address.clone())
    }

    fn drop(&mut self, handle: Resource<ChangeHandle>) -> Trapping<()> {
        self.handles.remove(handle.rep());
        Ok(())
    }
}

impl plan::HostGraph for State {
    fn complete(&mut self, handle: Resource<GraphHandle>) -> Trapping<bool> {
        Ok(self.graph(&handle)?.complete)
    }

    fn changes(
        &mut self,
        handle: Resource<GraphHandle>,
        resource_type: String,
    ) -> Trapping<Vec<Resource<ChangeHandle>>> {
        let graph = self.graph(&handle)?;
        // Looking through all of them is work, whatever is found.
        self.charge(graph.changes.len())?;
        self.hand_out_changes(&graph, &graph.of_type(&resource_type))
    }

    fn references(
        &mut self,
        handle: Resource<GraphHandle>,
        change: Resource<ChangeHandle>,
    ) -> Trapping<Vec<plan::Reference>> {
        let graph = self.graph(&handle)?;
        let Some(position) = self.position(&graph, &change)? else {
            return Ok(Vec::new());
        };
        let references = graph.references_of(position);
        self.charge(256 * references.len())?;
        Ok(references
            .iter()
            .map(|reference| plan::Reference {
                path: reference.path.to_string(),
                address: reference.address.clone(),
                attribute: reference.attribute.clone(),
            })
            .collect())
    }

    fn referrers(
        &mut self,
        handle: Resource<GraphHandle>,
        change: Resource<ChangeHandle>,
    ) -> Trapping<Vec<Resource<ChangeHandle>>> {
        let graph = self.graph(&handle)?;
        let change = self.change(&change)?.0.clone();
        let positions = self.handles.referrers(&graph).of(&change);
        self.hand_out_changes(&graph, &positions)
    }

    fn drop(&mut self, handle: Resource<GraphHandle>) -> Trapping<()> {
        self.handles.remove(handle.rep());
        Ok(())
    }
}

impl log::Host for State {
    fn write(&mut self, severity: log::Severity, message: String) -> Trapping<()> {
        let severity = match severity {
            log::Severity::Debug => Severity::Debug,
            log::Severity::Info => Severity::Info,
            log::Severity::Warn => Severity::Warn,
        };
        self.log.write(severity, &message);
        Ok(())
    }
}
