// Imported before anything that touches the file system: libuv reads the size of its pool once, at the first
// use. A read that hangs in the source holds one thread, so the default of 4 would stop the mirror after four.

process.env.UV_THREADPOOL_SIZE ??= '24';
