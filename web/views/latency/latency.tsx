// Latency.
export default function LatencyView() {
  return <h1 className="sr">Latency</h1>;
}
