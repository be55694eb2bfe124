"""Certificate authorities behind the port `CertificateAuthority`: a local one, and one behind a command."""
