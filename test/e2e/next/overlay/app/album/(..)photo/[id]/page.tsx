/** What /photo/1 shows to those who come from /album. */
export default function PhotoInAlbum() {
  return <p>the photo in /album</p>;
}
