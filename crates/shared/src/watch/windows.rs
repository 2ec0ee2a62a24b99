//! Windows.

use std::time::Duration;

use super::Heard;
use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::peers::Peer;
use crate::{Error, Result};

const WHAT: Error = Error::Unsupported("waiting for other processes");

#[derive(Debug)]
pub(crate) struct Watch(());

impl Watch {
    pub(crate) fn new() -> Result<Self> {
        Err(WHAT)
    }

    pub(crate) fn add_bell(&mut self, _bell: &Bell) -> Result<()> {
        Err(WHAT)
    }

    pub(crate) fn remove_bell(&mut self, _bell: &Bell) {}

    /// Who ended in between is heard of.
    pub(crate) fn add_peer(&mut self, _peer: &Peer, _process: ProcessId) -> Result<()> {
        Err(WHAT)
    }

    pub(crate) fn remove_peer(&mut self, _peer: &Peer) {}

    /// What was heard since the last time; waits until there is something, or so long.
    pub(crate) fn hear(&mut self, _longest: Option<Duration>) -> Result<Vec<Heard>> {
        Err(WHAT)
    }
}
