/** What /photo/1 shows to those who come from /admin. */
export default function PhotoInAdmin() {
  return <p>the photo in /admin</p>;
}
