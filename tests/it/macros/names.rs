//! Names of messages, and who may see them.

use zactor::prelude::*;

/// Public, with messages that only this module can make.
#[actor(inside::Put, outside::Put as OtherPut, r#type)]
#[allow(private_interfaces, reason = "the enum is what is looked at")]
pub struct Store {
    puts: Vec<&'static str>,
}

mod inside {
    #[derive(zactor::Message)]
    pub(super) struct Put;
}

mod outside {
    #[derive(zactor::Message)]
    pub(super) struct Put;
}

#[derive(Message)]
#[message(reply = Vec<&'static str>)]
#[allow(non_camel_case_types, reason = "a raw name")]
struct r#type;

impl Handler<inside::Put> for Store {
    fn handle(&mut self, _: inside::Put, _: &mut Context<Self>) {
        self.puts.push("inside");
    }
}

impl Handler<outside::Put> for Store {
    fn handle(&mut self, _: outside::Put, _: &mut Context<Self>) {
        self.puts.push("outside");
    }
}

impl Handler<r#type> for Store {
    fn handle(&mut self, _: r#type, _: &mut Context<Self>) -> Vec<&'static str> {
        self.puts.clone()
    }
}

#[test]
fn messages_of_one_name_are_renamed() {
    let system = ActorSystem::start("names").unwrap();
    let store = system.spawn(Store { puts: Vec::new() }).unwrap();
    store.tell(outside::Put).unwrap();
    store.tell_any(StoreMessage::Put(inside::Put)).unwrap();
    store.tell_any(StoreMessage::OtherPut(outside::Put)).unwrap();
    assert_eq!(store.ask(r#type).wait().unwrap(), ["outside", "inside", "outside"]);
    assert_eq!(format!("{:?}", StoreMessage::from(r#type)), "type");
    system.shutdown().unwrap();
}

#[test]
fn a_name_in_reports_is_that_of_the_variant() {
    let system = ActorSystem::start("names").unwrap();
    let store = system.spawn(Store { puts: Vec::new() }).unwrap();
    store.stop().wait().unwrap();
    let error = store.tell(outside::Put).unwrap_err();
    assert!(matches!(error, SendError::Closed(outside::Put)));
    system.shutdown().unwrap();
}
