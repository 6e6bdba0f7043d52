#!/bin/sh
# npm test: sets up what is missing, the programs that the tests use included, then becomes vitest.
set -eu
cd -- "$(dirname -- "$0")/../.."
node server/setup/setup.mjs test
exec node_modules/.bin/node node_modules/vitest/vitest.mjs run "$@"
