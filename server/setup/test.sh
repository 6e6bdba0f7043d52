#!/bin/sh
# npm test: sets up what is missing, the programs that the tests use included, then becomes vitest.
set -eu
cd -- "$(dirname -- "$0")/../.."
node server/setup/setup.mjs test
# Tests start hundreds of processes of ours: each finds its code compiled.
export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/compiled"
exec node_modules/.bin/node node_modules/vitest/vitest.mjs run "$@"
