//! Memory of which every process has a copy of its own.

#[cfg(unix)]
mod support;

#[cfg(unix)]
mod unix {
    use crate::support::{Child, End};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};
    use zygote_shared::memory::{Access, Memory};
    use zygote_shared::template::{AllFrozen, Template};

    fn to_fill() -> Arc<Template> {
        Template::to_fill(Memory::create(10_000).expect("memory")).expect("a template")
    }

    fn byte(template: &Template, at: usize) -> &AtomicU8 {
        // SAFETY: an atomic.
        unsafe { template.mapping().at(at) }.expect("a byte")
    }

    /// What another process would find.
    fn found(template: &Template, at: usize) -> u8 {
        let mapping = template.memory().map(Access::CopyOnWrite).expect("a mapping");
        // SAFETY: an atomic.
        unsafe { mapping.at::<AtomicU8>(at) }.expect("a byte").load(Ordering::Relaxed)
    }

    pub(crate) fn it_is_filled_until_it_is_frozen() {
        let template = to_fill();
        byte(&template, 5000).store(1, Ordering::Relaxed);
        assert_eq!(found(&template, 5000), 1);
        template.freeze().expect("freezing");
        byte(&template, 5000).store(2, Ordering::Relaxed);
        byte(&template, 0).store(3, Ordering::Relaxed);
        assert_eq!((found(&template, 5000), found(&template, 0)), (1, 0));
        assert_eq!(byte(&template, 5000).load(Ordering::Relaxed), 2);
        template.freeze().expect("freezing again");
        assert_eq!(byte(&template, 5000).load(Ordering::Relaxed), 2);
    }

    pub(crate) fn all_are_frozen_for_a_fork() {
        let (one, gone) = (to_fill(), to_fill());
        drop(gone);
        byte(&one, 0).store(1, Ordering::Relaxed);
        let held = AllFrozen::hold().expect("freezing");
        let child = Child::fork(|| {
            byte(&one, 0).store(2, Ordering::Relaxed);
            assert_eq!((byte(&one, 0).load(Ordering::Relaxed), found(&one, 0)), (2, 1));
        });
        drop(held);
        assert_eq!(child.wait(), End::Exited(0));
        assert_eq!(byte(&one, 0).load(Ordering::Relaxed), 1);
    }

    pub(crate) fn what_is_complete_is_frozen() {
        let memory = Memory::create(5).expect("memory");
        memory.write(b"bytes").expect("writing");
        let template = Template::frozen(memory).expect("a template");
        assert_eq!(found(&template, 4), b's');
        byte(&template, 4).store(0, Ordering::Relaxed);
        assert_eq!(found(&template, 4), b's');
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn nobody_can_change_what_is_frozen() {
        let template = to_fill();
        template.freeze().expect("freezing");
        assert!(template.memory().map(Access::Shared).is_err());
        assert!(template.memory().write(b"other").is_err());
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn nobody_can_change_what_is_frozen() {
        crate::support::skip("memory cannot be sealed here");
    }
}

#[cfg(unix)]
use unix::{
    all_are_frozen_for_a_fork, it_is_filled_until_it_is_frozen, nobody_can_change_what_is_frozen,
    what_is_complete_is_frozen,
};

#[cfg(unix)]
cases!(
    it_is_filled_until_it_is_frozen,
    all_are_frozen_for_a_fork,
    what_is_complete_is_frozen,
    nobody_can_change_what_is_frozen,
);

#[cfg(windows)]
fn main() {}
