export default function Photo() {
  return <p>the photo itself</p>;
}
