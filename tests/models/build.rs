//! Builds the bridge as its models see it.

fn main() {
    println!("cargo::rustc-cfg=nuages_models");
}
