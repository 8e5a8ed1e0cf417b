//! On the host without the feature `native`: nothing to run on, so that no value of these types exists. Rules
//! still compile: for documentation, and for a look at the metadata.

use std::convert::Infallible;

use crate::change::{Mode, Operation, Stage};
use crate::graph::Reference;
use crate::value::{Kind, Secret, Why};

pub(crate) fn log(_message: &str) {}

#[derive(Debug)]
pub(crate) struct Value(Box<Infallible>);

impl Value {
    pub(crate) fn kind(&self) -> Kind {
        match *self.0 {}
    }
    pub(crate) fn sensitive(&self) -> bool {
        match *self.0 {}
    }
    pub(crate) fn get(&self, _: &str) -> Self {
        match *self.0 {}
    }
    pub(crate) fn at(&self, _: u32) -> Self {
        match *self.0 {}
    }
    pub(crate) fn find(&self, _: &str) -> Result<Self, String> {
        match *self.0 {}
    }
    pub(crate) fn elements(&self) -> Result<Vec<Self>, Why> {
        match *self.0 {}
    }
    pub(crate) fn keys(&self) -> Result<Vec<String>, Why> {
        match *self.0 {}
    }
    pub(crate) fn size(&self) -> Result<u32, Why> {
        match *self.0 {}
    }
    pub(crate) fn boolean(&self) -> Result<Option<bool>, Why> {
        match *self.0 {}
    }
    pub(crate) fn number(&self) -> Result<Option<String>, Why> {
        match *self.0 {}
    }
    pub(crate) fn text(&self) -> Result<Option<String>, Why> {
        match *self.0 {}
    }
    pub(crate) fn equal_to(&self, _: &Self) -> Result<bool, Why> {
        match *self.0 {}
    }
    pub(crate) fn path(&self) -> String {
        match *self.0 {}
    }
    pub(crate) fn document(&self) -> Result<Self, Why> {
        match *self.0 {}
    }
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        match *self.0 {}
    }
}

#[derive(Debug)]
pub(crate) struct Change(Box<Infallible>);

impl Change {
    pub(crate) fn resource_type(&self) -> String {
        match *self.0 {}
    }
    pub(crate) fn mode(&self) -> Mode {
        match *self.0 {}
    }
    pub(crate) fn provider(&self) -> String {
        match *self.0 {}
    }
    pub(crate) fn provider_version(&self) -> Option<String> {
        match *self.0 {}
    }
    pub(crate) fn operation(&self) -> Operation {
        match *self.0 {}
    }
    pub(crate) fn stage(&self) -> Stage {
        match *self.0 {}
    }
    pub(crate) fn before(&self) -> Value {
        match *self.0 {}
    }
    pub(crate) fn after(&self) -> Value {
        match *self.0 {}
    }
    pub(crate) fn configured(&self, _: &str) -> Option<bool> {
        match *self.0 {}
    }
    pub(crate) fn provider_configuration(&self) -> Value {
        match *self.0 {}
    }
    pub(crate) fn address(&self) -> Option<String> {
        match *self.0 {}
    }
    pub(crate) fn module_address(&self) -> Option<String> {
        match *self.0 {}
    }
}

#[derive(Debug)]
pub(crate) struct Graph(Box<Infallible>);

impl Graph {
    pub(crate) fn complete(&self) -> bool {
        match *self.0 {}
    }
    pub(crate) fn changes(&self, _: &str) -> Vec<Change> {
        match *self.0 {}
    }
    pub(crate) fn references(&self, _: &Change) -> Vec<Reference> {
        match *self.0 {}
    }
    pub(crate) fn referrers(&self, _: &Change) -> Vec<Change> {
        match *self.0 {}
    }
}
