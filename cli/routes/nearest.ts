import { distance } from '../../core/distance.ts';

/** The name that may be meant: two letters away, the longer or shorter form of it, or the same in another spelling. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const bare = bareName(name);
  const [best] = names.map((one) => ({ name: one, far: distance(bare, bareName(one)) })).sort((a, b) => a.far - b.far);
  if (best && best.far <= (bare.length > 5 ? 2 : 1)) return best.name;
  return names.find((one) => {
    const other = bareName(one);
    return bare.length > 5 && other.length > 5 && (other.startsWith(bare) || bare.startsWith(other));
  });
}

function bareName(name: string): string {
  return name.replaceAll(/[-_.]/g, '').toLowerCase();
}
