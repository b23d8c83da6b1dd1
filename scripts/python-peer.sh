#!/usr/bin/env bash
# Makes a virtual environment with the original Python package conclib, once, and
# prints the path of its Python. Tests and the example in examples/python use it.
# With the argument `actors` it has the packages uactor and pactor, for the bench.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}"
case "${1:-conclib}" in
conclib) peer="$target/python-peer" packages="conclib==0.0.9 fastapi uvicorn" ;;
actors) peer="$target/python-actors" packages="uactor==0.1.1 pactor==0.1.0" ;;
*) echo "python-peer: conclib or actors, not $1" >&2 && exit 2 ;;
esac
python="$peer/bin/python"

mkdir -p "$target"
exec 9>"$peer.lock"
flock 9
if [ "$(cat "$peer/packages" 2>/dev/null)" != "$packages" ]; then
	rm -rf "$peer"
	if ! said=$(python3 -m venv "$peer" 2>&1 9>&-); then
		echo "python-peer: no virtual environment: $said" >&2
		echo "python-peer: install Python 3.10 or later with its module venv (Debian: python3-venv)" >&2
		exit 1
	fi
	# shellcheck disable=SC2086 # several packages
	if ! said=$("$python" -m pip install --quiet --disable-pip-version-check $packages 2>&1 9>&-); then
		echo "python-peer: pip could not install $packages: $said" >&2
		echo "python-peer: a Python package registry has to be in reach of pip" >&2
		exit 1
	fi
	echo "$packages" >"$peer/packages"
fi
realpath -s "$python"
