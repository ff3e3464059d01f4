#!/usr/bin/env run
#![allow(x)]
use dbmigrate::Table;
#[derive(Table)]
struct Café { naïve: String }
