/** What mountinfo calls a mirror. */
export const FS_TYPE = 'fuse.fusescope';
