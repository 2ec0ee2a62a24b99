//! Sets the linker flags a Node-API addon needs on this system.

fn main() {
    napi_build::setup();
}
