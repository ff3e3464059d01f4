set -eu
fail() {
  if [ -n "${GITHUB_ACTIONS:-}" ]; then echo "::error title=cargo-dbmigrate::$1"; else echo "error: $1" >&2; fi
  exit 1
}
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  MINGW*-x86_64 | MSYS*-x86_64) target=x86_64-pc-windows-msvc ;;
  *) target= ;;
esac
case "$target" in
  *windows*) program=cargo-dbmigrate.exe ;;
  *) program=cargo-dbmigrate ;;
esac
home="${RUNNER_TOOL_CACHE:-${CI_PROJECT_DIR:-$PWD}/.cargo-dbmigrate}/cargo-dbmigrate/$DBMIGRATE_VERSION"
if [ ! -x "$home/bin/$program" ]; then
  name="cargo-dbmigrate-v$DBMIGRATE_VERSION-$target"
  mkdir -p "$home/bin"
  work=$(mktemp -d "$home/new-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  fetch() {
    curl --proto-redir =https --retry 3 -fsSL -o "$work/$1" "$DBMIGRATE_RELEASES/v$DBMIGRATE_VERSION/$1"
  }
  if [ -n "$target" ] && fetch "$name.tar.gz" && fetch SHA256SUMS; then
    wanted=$(sed -n "s/^\([0-9a-f]*\) [ *]$name\.tar\.gz\$/\1/p" "$work/SHA256SUMS")
    if command -v sha256sum > /dev/null; then
      found=$(sha256sum < "$work/$name.tar.gz" | cut -d ' ' -f 1)
    else
      found=$(shasum -a 256 < "$work/$name.tar.gz" | cut -d ' ' -f 1)
    fi
    if [ -z "$found" ] || [ "$found" != "$wanted" ]; then
      fail "the SHA-256 of $name.tar.gz is $found, but SHA256SUMS says ${wanted:-nothing}; nothing was installed"
    fi
    tar -xzf "$work/$name.tar.gz" -C "$work"
    mv -f "$work/$name/$program" "$home/bin/$program"
  elif command -v cargo > /dev/null; then
    echo "no release v$DBMIGRATE_VERSION for this machine, compiling it" >&2
    (cd "$work" && cargo install --locked --root "$home" --version "$DBMIGRATE_VERSION" cargo-dbmigrate)
  else
    fail "no release v$DBMIGRATE_VERSION for this machine, and no cargo to compile it"
  fi
fi
if [ -n "${GITHUB_PATH:-}" ]; then echo "$home/bin" >> "$GITHUB_PATH"; fi
export PATH="$home/bin:$PATH"
cargo-dbmigrate --version
