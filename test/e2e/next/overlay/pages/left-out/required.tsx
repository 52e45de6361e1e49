import type { GetServerSideProps } from 'next';
import { PomeriumError } from 'pomerium-edge';
import { requireIdentity } from 'pomerium-edge/next';

/** The matcher leaves this path out: nothing guards it but this. */
export const getServerSideProps: GetServerSideProps = async ({ req, res }) => {
  try {
    return { props: { text: `secret for ${(await requireIdentity(req)).subject}` } };
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    res.statusCode = error.status;
    return { props: { text: 'Please sign in' } };
  }
};

export default function Required({ text }: { text: string }) {
  return <p>{text}</p>;
}
