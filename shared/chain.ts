// What a directory is really on, as the interface and the command line show it: one link for each mount on the way down.
import Type, { type Static } from 'typebox';
import { nullable } from './nullable.ts';

export const ChainLinkSchema = Type.Object(
  {
    depth: Type.Integer({ description: '0 for the directory that was asked for' }),
    how: Type.Enum(['asked for', 'bind of', 'upper layer', 'lower layer', 'source'], {
      description: 'how the step above leads here',
    }),
    path: Type.String({ description: 'the directory that is on this mount' }),
    mountpoint: Type.String(),
    fsType: Type.String(),
    kind: Type.Enum(['fuse', 'virtiofs', 'overlay', 'network', 'memory', 'disk', 'kernel']),
    source: Type.String(),
    root: Type.String({ description: 'what of the file system is mounted there; / is all of it' }),
    connection: nullable(Type.Integer({ description: 'kernel FUSE connection, number in fusectl' })),
    options: Type.String(),
  },
  { title: 'ChainLink' },
);
export type ChainLink = Static<typeof ChainLinkSchema>;
