//! What one thread waits for: that bells ring, and that processes end whose action it waits for.
//!
//! A wait goes like this: [`Waits::begin`], so that no bell is missed from then on; [`Waits::advance`], which looks at the
//! object's state; and again `advance` whenever [`Waits::hear`] tells of its bell or of an end; [`Waits::finish`]. A thread has one
//! `Waits` for all that its event loop waits for, and a wait that blocks has its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::Result;
use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::peers::{Peer, Standing};
use crate::watch::{Heard, Watch};

/// See the [module](self).
#[derive(Debug)]
pub struct Waits {
    watch: Watch,
    process: ProcessId,
    bells: HashMap<u32, usize>,
    peers: HashMap<ProcessId, Watched>,
}

#[derive(Debug)]
struct Watched {
    /// `None` when it has ended.
    peer: Option<Peer>,
    waits: usize,
}

/// What one wait listens to.
#[derive(Debug)]
#[must_use]
pub struct Listening {
    bell: Arc<Bell>,
    peers: Vec<ProcessId>,
}

impl Listening {
    /// The token of its bell.
    pub fn token(&self) -> u32 {
        self.bell.token()
    }
}

/// What a look at an object's state has shown.
#[derive(Debug)]
pub enum Step<T> {
    /// The wait is over.
    Ready(T),
    /// It goes on. The end of one of these processes is a reason to look again, as the bell is: they would have to do
    /// something first.
    Pending(Vec<ProcessId>),
}

/// What was heard.
#[derive(Debug, Default)]
pub struct News {
    /// Bells that were rung.
    pub bells: Vec<u32>,
    /// A process has ended: every wait has to look again.
    pub ended: bool,
}

impl News {
    /// Nothing was heard.
    pub fn is_empty(&self) -> bool {
        self.bells.is_empty() && !self.ended
    }
}

impl Waits {
    /// For a thread that waits for nothing yet.
    ///
    /// # Errors
    /// [`Error::Call`](crate::Error::Call) (`EMFILE`), [`Error::Unsupported`](crate::Error::Unsupported).
    pub fn new() -> Result<Self> {
        let process = ProcessId::own();
        Ok(Self { watch: Watch::new()?, process, bells: HashMap::new(), peers: HashMap::new() })
    }

    /// False in a forked child, where nothing may be done with it but to drop it.
    pub fn is_own(&self) -> bool {
        self.process == ProcessId::own()
    }

    /// From now on the bell is heard.
    ///
    /// # Errors
    /// [`Error::Call`](crate::Error::Call) (`ENOSPC`, `ENOMEM`).
    pub fn begin(&mut self, bell: &Arc<Bell>) -> Result<Listening> {
        let count = self.bells.entry(bell.token()).or_default();
        if *count == 0
            && let Err(error) = self.watch.add_bell(bell)
        {
            self.bells.remove(&bell.token());
            return Err(error);
        }
        *count += 1;
        Ok(Listening { bell: Arc::clone(bell), peers: Vec::new() })
    }

    /// Asks `look`, and asks again until it has seen the state as it is when all processes that it names are watched. It is told
    /// which of them have ended. `None`: the wait goes on.
    ///
    /// # Errors
    /// What `look` finds; [`Error::Call`](crate::Error::Call) if no descriptor is left for watching a process.
    pub fn advance<T>(
        &mut self,
        listening: &mut Listening,
        mut look: impl FnMut(&dyn Fn(ProcessId) -> bool) -> Result<Step<T>>,
    ) -> Result<Option<T>> {
        loop {
            let step = look(&|process| self.has_ended(process))?;
            let wanted = match step {
                Step::Ready(value) => return Ok(Some(value)),
                Step::Pending(wanted) => wanted,
            };
            if !self.attend(listening, wanted)? {
                return Ok(None);
            }
        }
    }

    /// Listens no more.
    pub fn finish(&mut self, listening: Listening) {
        for process in listening.peers {
            self.ignore(process);
        }
        let token = listening.bell.token();
        if let Some(count) = self.bells.get_mut(&token) {
            *count -= 1;
            if *count == 0 {
                self.bells.remove(&token);
                self.watch.remove_bell(&listening.bell);
            }
        }
    }

    /// What was heard since the last time; waits until there is something, or so long (`None`: for ever). A signal ends the wait too.
    ///
    /// # Errors
    /// [`Error::Call`](crate::Error::Call).
    pub fn hear(&mut self, longest: Option<Duration>) -> Result<News> {
        let mut news = News::default();
        let mut ended = Vec::new();
        for heard in self.watch.hear(longest)? {
            match heard {
                Heard::Bell(token) => news.bells.push(token),
                Heard::End(process) => ended.push(process),
            }
        }
        for process in ended {
            if let Some(watched) = self.peers.get_mut(&process)
                && let Some(peer) = watched.peer.take()
            {
                self.watch.remove_peer(&peer);
                news.ended = true;
            }
        }
        Ok(news)
    }

    fn has_ended(&self, process: ProcessId) -> bool {
        self.peers.get(&process).is_some_and(|watched| watched.peer.is_none())
    }

    /// Watches these processes in the place of those before. True if one of them is new, so that the state may have changed
    /// before it was watched.
    fn attend(&mut self, listening: &mut Listening, wanted: Vec<ProcessId>) -> Result<bool> {
        let mut is_new = false;
        for process in &wanted {
            // This process does not wait for its own end.
            if *process == self.process || listening.peers.contains(process) {
                continue;
            }
            self.notice(*process)?;
            listening.peers.push(*process);
            is_new = true;
        }
        listening.peers.retain(|process| {
            let stays = wanted.contains(process);
            if !stays {
                self.ignore(*process);
            }
            stays
        });
        Ok(is_new)
    }

    fn notice(&mut self, process: ProcessId) -> Result<()> {
        if let Some(watched) = self.peers.get_mut(&process) {
            watched.waits += 1;
            return Ok(());
        }
        let peer = match Peer::open(process) {
            Standing::Lives(peer) => {
                self.watch.add_peer(&peer, process)?;
                Some(peer)
            }
            Standing::Ended => None,
            Standing::Unknown => {
                let source = std::io::Error::other(format!("process {} cannot be watched", process.pid()));
                return Err(crate::Error::Call { call: "pidfd_open", source });
            }
        };
        self.peers.insert(process, Watched { peer, waits: 1 });
        Ok(())
    }

    fn ignore(&mut self, process: ProcessId) {
        let Some(watched) = self.peers.get_mut(&process) else { return };
        watched.waits -= 1;
        if watched.waits == 0
            && let Some(Watched { peer: Some(peer), .. }) = self.peers.remove(&process)
        {
            self.watch.remove_peer(&peer);
        }
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsHandle for Waits {
    /// An event that is set when there is something to [`hear`](Self::hear), and resets itself when that was noticed.
    fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
        self.watch.as_handle()
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Waits {
    /// Readable when there is something to [`hear`](Self::hear).
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.watch.as_fd()
    }
}
