//! The properties of a hub whose read model is a file.

mod cases;
mod clocks;
mod history;
mod holding;
mod large;
mod modelled;
mod order;
mod owners;
mod published;

use onefold_testkit::Engine;

fn engine() -> Engine {
    Engine::Sqlite
}
