import type { GetServerSideProps } from 'next';
import { getIdentity } from 'pomerium-edge/next';

export const getServerSideProps: GetServerSideProps = async ({ req, locale }) => ({
  props: { subject: (await getIdentity(req))?.subject ?? 'nobody', locale: locale ?? '' },
});

export default function Legacy({ subject, locale }: { subject: string; locale: string }) {
  return (
    <p>
      legacy secret for {subject} in {locale}
    </p>
  );
}
