"""What a PDF says of itself: that it is a Factur-X, in the words of XMP (Factur-X 1.0, 6.2; PDF/A-3, 6.6.2.3)."""

from io import BytesIO

import pikepdf

_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_SAID = {
    "DocumentFileName": ("factur-x.xml", "Name of the embedded XML invoice file"),
    "DocumentType": ("INVOICE", "INVOICE"),
    "Version": ("1.0", "The actual version of the Factur-X XML schema"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded Factur-X data"),
}
"""Each property of the standard with its value and what it means."""
_PROPERTY = (
    '<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
    "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
    "<pdfaProperty:description>{about}</pdfaProperty:description></rdf:li>"
)
_SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    "<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
).format(properties="".join(_PROPERTY.format(name=name, about=about) for name, (_, about) in _SAID.items()))
_DESCRIPTION = (
    f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">'
    + "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _SAID.items())
    + "</rdf:Description>"
)
_BEFORE = {"</rdf:Bag></pdfaExtension:schemas>": _SCHEMA, "</rdf:RDF>": _DESCRIPTION}
"""What is put in, by what it stands before: PDF/A wants each property described where the others are."""


class UnknownMetadataError(Exception):
    """The PDF says of itself something else than it did in the version of Typst that this is written for."""


def marked(pdf: bytes) -> bytes:
    """A PDF/A with an electronic invoice inside, marked as what it is; the same bytes for the same bytes."""
    with pikepdf.open(BytesIO(pdf)) as opened, BytesIO() as out:
        said = opened.Root.Metadata.read_bytes().decode()
        for place, text in _BEFORE.items():
            if said.count(place) != 1:
                msg = f"{place} is {said.count(place)} times in the metadata, not once"
                raise UnknownMetadataError(msg)
            said = said.replace(place, text + place)
        opened.Root.Metadata = opened.make_stream(said.encode(), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
        opened.save(out, deterministic_id=True, fix_metadata_version=False)
        return out.getvalue()
