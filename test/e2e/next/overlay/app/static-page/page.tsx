/** Made by the build: only the gate stands before it. */
export default function StaticPage() {
  return <p>static secret</p>;
}
