#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dbmigrate_fuzz::snapshot::check(data));
