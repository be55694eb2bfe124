"""Certificates of charge points."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, same_as_id, text, time, whole
from app.api.schemas.command import Insisting
from app.domain.certificate import ROOT_KINDS, CertificateKind, CertificateState


class CertificateQuery(PageQuery):
    """Filters of the list of certificates."""

    ORDER = "-created_at"

    charge_point_id = fields.String(validate=Length(1, 255))
    kind = fields.String(validate=OneOf([kind.value for kind in CertificateKind]))
    state = fields.String(validate=OneOf([state.value for state in CertificateState]))


class CertificateFactsSchema(Schema):
    """What an X.509 certificate says."""

    subject = text("Distinguished name (RFC 4514).")
    issuer = text("Distinguished name (RFC 4514).")
    fingerprint = text("SHA-256, in hexadecimal.")
    valid_from = time("Not before.")
    valid_to = time("Not after.")


class CertificateHashSchema(Schema):
    """By which name the charge point knows a root."""

    hash_algorithm = text("SHA256 | SHA384 | SHA512")
    issuer_name_hash = text("In hexadecimal.")
    issuer_key_hash = text("In hexadecimal.")
    serial_number = text("In hexadecimal, as the charge point writes it.")


class ListedCertificateSchema(Schema):
    """A certificate as lists show it: without its PEM."""

    id = text("The certificate.")
    certificate_id = same_as_id()
    tenant_id = text("Whose it is.")
    charge_point_id = text("Who has it, or is to have it.")
    kind = text(" | ".join(CertificateKind))
    state = text(" | ".join(CertificateState))
    reason = text("Why it is in that state.", nullable=True)
    serial_number = text("In hexadecimal.", nullable=True)
    facts = fields.Nested(CertificateFactsSchema, allow_none=True)
    hash_data = fields.Nested(CertificateHashSchema, allow_none=True)
    attempts = whole("How often it was sent.")
    command_id = text("The command that sent it last.", nullable=True)
    created_at = time("When it became known here.")
    changed_at = time("When it came into its state.")


class CertificateSchema(ListedCertificateSchema):
    """A certificate, or a request for one."""

    pem = text("The certificate; a charge point's own with its sub-CAs.", nullable=True)
    csr = text("What the charge point asked for.", nullable=True)


class CertificatePageSchema(Schema):
    """A page of certificates."""

    items = fields.List(fields.Nested(ListedCertificateSchema))
    next_cursor = next_cursor_field()


class NewRootSchema(Insisting):
    """A root for a charge point to trust."""

    kind = fields.String(
        load_default=ROOT_KINDS[0].value, validate=OneOf([kind.value for kind in ROOT_KINDS])
    )
    pem = fields.String(
        validate=Length(1, 5500),
        metadata={"description": "The certificate; without it, the root of this system's CA."},
    )


class ReadRootsSchema(Input):
    """Which roots to ask for."""

    kind = fields.String(
        load_default=ROOT_KINDS[0].value, validate=OneOf([kind.value for kind in ROOT_KINDS])
    )


class AuthorityRootSchema(Schema):
    """The root of the CA that signs charge points' certificates."""

    pem = text("The certificate.")
