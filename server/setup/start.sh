#!/bin/sh
# npm start: sets up what is missing, then becomes the server. npm passes no SIGTERM on, so the server is told to
# end with its parent.
set -eu
cd -- "$(dirname -- "$0")/../.."
node server/setup/setup.mjs start
if [ -n "${npm_lifecycle_event:-}" ]; then
  export FUSESCOPE_DIE_WITH_PARENT=1
fi
exec node_modules/.bin/node server/cli/main.ts serve "$@"
