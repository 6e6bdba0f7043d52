// The map as a picture: lines in SVG, nodes and ages as links over it, so that they can be read, followed and selected.
import { memo, useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import type { MapEdge, MountMap } from '../../../../shared/mount-map.ts';
import { frames } from '../../../live/frames.ts';
import { Age } from '../../../ui/age.tsx';
import { StateGlyph, type StateMark } from '../../../ui/glyph.tsx';
import { PathText } from '../../../ui/path.tsx';
import { visible } from '../../../ui/visible.ts';
import type { Line, MapLayout, Placed } from './drawing.ts';
import { aboutNode, mapSentence, nameOf, nodeHref, stallHref } from './words.ts';

interface PictureProps {
  map: MountMap;
  layout: MapLayout;
  /** By the number of the mount, as they are now. */
  marks: ReadonlyMap<number, StateMark>;
  /** The page is paused: nothing flows. */
  still: boolean;
}

export function MapPicture({ map, layout, marks, still }: PictureProps) {
  const { width, height, nodes, lines } = layout;
  // What burns lies over what does not.
  const ordered = lines.toSorted((a, b) => Number(a.head !== null) - Number(b.head !== null));
  const svg = useFlow(!still && lines.some(({ head }) => head !== null));
  return (
    <div className="map-picture" style={{ width, height }}>
      <svg ref={svg} width={width} height={height} role="img" aria-label={mapSentence(map)}>
        {ordered.map((line) => (
          <LinePath key={keyOf(line.edge)} line={line} />
        ))}
      </svg>
      {lines.map((line) => (line.label ? <WaitAge key={keyOf(line.edge)} map={map} line={line} /> : null))}
      {nodes.map((placed) => (
        <Node
          key={placed.node.id}
          placed={placed}
          mark={placed.node.mountId === null ? null : (marks.get(placed.node.mountId) ?? placed.node.state)}
        />
      ))}
    </div>
  );
}

/** So often lines move on: each frame of the browser would cost more and say no more. */
const FLOW_MS = 50;
/** A dash and the space after it, as in map.css, px; and how long they take to pass. */
const DASH = 11;
const PASS_MS = 700;
const unmoved = matchMedia('(prefers-reduced-motion: reduce)');

/** Has the lines of an svg flow for as long as some do and it is in view. Where motion is unwelcome they stand. */
function useFlow(flows: boolean): React.RefObject<SVGSVGElement | null> {
  const ref = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const svg = ref.current;
    if (!flows || !svg) return;
    let stop: (() => void) | null = null;
    const move = () => {
      if (unmoved.matches) return;
      const offset = -((performance.now() / PASS_MS) % 1) * DASH;
      for (const path of svg.querySelectorAll<SVGPathElement>('.flow'))
        path.style.strokeDashoffset = `${offset.toFixed(2)}px`;
    };
    const observer = new IntersectionObserver(([entry]) => {
      stop?.();
      stop = entry?.isIntersecting ? frames.beat(FLOW_MS, move) : null;
    });
    observer.observe(svg);
    return () => {
      observer.disconnect();
      stop?.();
    };
  }, [flows]);
  return ref;
}

const keyOf = ({ from, to, reason }: MapEdge) => JSON.stringify([from, to, reason]);

function LinePath({ line: { edge, d, head } }: { line: Line }) {
  const [, navigate] = useLocation();
  if (head === null) return <path className={`line ${edge.reason}`} d={d} />;
  return (
    // The age on it is the link for keys and for screen readers; this is for who points at the line.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <g className="waits" onClick={() => navigate(stallHref(edge))}>
      <path className="reach" d={d} />
      <path className="glow" d={d} />
      <path className="flow" d={d} />
      <path className="head" d={head} />
    </g>
  );
}

function WaitAge({ map, line: { edge, label } }: { map: MountMap; line: Line }) {
  if (!label) return null;
  const many = edge.count > 1 ? ` in ${edge.count} operations, the oldest` : '';
  return (
    <Link
      className="wait-age"
      data-item
      href={stallHref(edge)}
      style={{ left: label.x, top: label.y }}
      title={edge.evidence.map(visible).join(', ')}
    >
      <span className="sr">
        {nameOf(map, edge.from)} waits for {nameOf(map, edge.to)}
        {many} for{' '}
      </span>
      {edge.sinceUs !== null && <Age sinceUs={edge.sinceUs} />}
    </Link>
  );
}

const Node = memo(function Node({
  placed: { node, x, y, width, height, inset },
  mark,
}: {
  placed: Placed;
  mark: StateMark | null;
}) {
  const href = nodeHref(node);
  const about = aboutNode(node);
  const props = {
    className: `map-node ${node.kind}${node.root ? ' root' : ''}`,
    style: { left: x, top: y, width, height, ...(inset > 0 && { paddingRight: inset }) },
    title: [about, node.unseen && visible(node.unseen)].filter(Boolean).join(': '),
  };
  const inside = (
    <>
      <span className="t">
        {mark !== null && <StateGlyph state={mark} />}
        {node.kind === 'caller' ? (
          <span className="ell">{visible(node.name)}</span>
        ) : (
          <PathText path={node.name} />
        )}
      </span>
      <span className="d ell">{about}</span>
    </>
  );
  return href === null ? (
    <div {...props}>{inside}</div>
  ) : (
    <Link {...props} href={href} data-item>
      {inside}
    </Link>
  );
});
