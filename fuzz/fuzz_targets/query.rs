#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dbmigrate_fuzz::query::check(&String::from_utf8_lossy(data)));
