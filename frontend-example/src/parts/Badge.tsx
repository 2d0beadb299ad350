/** A source's initial on a colour of its own, in place of pictures from other hosts. */
export function Badge({ source }: { source: { id: string; title: string } }) {
  const hue = [...source.title].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 360, 7);
  const initial = source.title.match(/[\p{L}\p{N}]/u)?.[0] ?? "•";
  return (
    <span className="badge" aria-hidden style={{ "--hue": hue } as React.CSSProperties}>
      {initial.toUpperCase()}
    </span>
  );
}
