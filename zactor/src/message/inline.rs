//! What says that a message fits in place, or why not, while compiling.

use super::payload::{ALIGN, BYTES};

/// Fails to compile if an `M` does not fit into a message: a type without parameters where it is defined, another where
/// it is sent.
///
/// ```compile_fail,E0080
/// use zactor::prelude::*;
///
/// #[derive(Message)]
/// #[message(inline)]
/// struct Put<T>(T);
///
/// #[actor(Put<[u64; 5]>)]
/// struct Store;
///
/// impl Handler<Put<[u64; 5]>> for Store {
///     fn handle(&mut self, _: Put<[u64; 5]>, _: &mut Context<Self>) {}
/// }
///
/// let store = ActorSystem::start("large").unwrap().spawn(Store).unwrap();
/// store.tell(Put([0; 5])).unwrap(); // four would fit
/// ```
///
/// # Panics
/// While compiling, if it does not fit; the text names the type, its size, and what is allowed.
#[track_caller] // the compiler shows the message's name, not this function
pub const fn assert_inline<M>(name: &str) {
    let (size, align) = (size_of::<M>(), align_of::<M>());
    if size <= BYTES && align <= ALIGN {
        return;
    }
    let mut text = Text { bytes: [b' '; 256], len: 0 };
    text.put("message `");
    text.put(name);
    text.put("` is `inline`, but has ");
    text.put_number(size);
    text.put(" bytes, aligned to ");
    text.put_number(align);
    text.put(": at most 32 bytes, aligned to 16, are allowed");
    match std::str::from_utf8(text.bytes.split_at(text.len).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("an `inline` message is too large"),
    }
}

/// A text made while compiling.
struct Text {
    bytes: [u8; 256],
    len: usize,
}

impl Text {
    const fn put(&mut self, part: &str) {
        let mut i = 0;
        while i < part.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = part.as_bytes()[i];
            self.len += 1;
            i += 1;
        }
    }

    const fn put_number(&mut self, number: usize) {
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            let digit = "0123456789".split_at(number / unit % 10).1.split_at(1).0;
            self.put(digit);
            unit /= 10;
        }
    }
}
