use heapatlas_arc::{Runtime, Streams, host::NoHost, libraries};
use heapatlas_heap::Heap;
fn main() {
    let streams = Streams {
        input: Box::new(std::io::stdin()),
        output: Box::new(std::io::stdout()),
        errors: Box::new(std::io::stderr()),
    };
    let mut rt = Runtime::new(Heap::new().unwrap(), streams, Box::new(NoHost)).unwrap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut it = args.iter();
    let mut lib = true;
    while let Some(a) = it.next() {
        match a.as_str() {
            "-n" => lib = false,
            "-s" => rt.heap().set_stress(true),
            "-v" => rt.set_verify(true),
            "-e" => {
                if lib {
                    load(&mut rt);
                    lib = false;
                }
                match rt.evaluate(it.next().unwrap(), "-e") {
                    Ok(v) => println!("{}", v.unwrap_or_default()),
                    Err(e) => println!("ERR {e}\n{:?}", e.trace),
                }
            }
            f => {
                if lib {
                    load(&mut rt);
                    lib = false;
                }
                if let Err(e) = rt.load_file(f) {
                    println!("ERR {e}\n{:?}", e.trace);
                }
            }
        }
    }
    if lib {
        load(&mut rt);
    }
}
fn load(rt: &mut Runtime) {
    let t = std::time::Instant::now();
    rt.begin_library().unwrap();
    for l in libraries::BASE {
        if let Err(e) = rt.load_library(l) {
            println!("ERR {e}\n{:?}", e.trace);
            std::process::exit(1)
        }
    }
    eprintln!("loaded in {:?}, clock {}", t.elapsed(), rt.heap().clock());
}
