#!/bin/sh
# Server program of the tests: called by a link, beside which a file says the
# version and the behaviour.
. "$(dirname "$0")/behaviour"
if [ "$1" = --version ]; then
	version
else
	serve "$@"
fi
