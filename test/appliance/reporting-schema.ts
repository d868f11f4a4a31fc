import { xmlAttribute } from './xml-text.ts';

/** `/api/reporting.xsd`: the session report as this appliance sends it, open for elements that no guide names. */
export function reportingSchema(namespace: string): string {
  const target =
    namespace === ''
      ? ''
      : ` targetNamespace="${xmlAttribute(namespace)}" xmlns="${xmlAttribute(namespace)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"${target} elementFormDefault="qualified">
  <xs:element name="error">
    <xs:complexType mixed="true"><xs:anyAttribute processContents="skip"/></xs:complexType>
  </xs:element>
  <xs:element name="session_list">
    <xs:complexType>
      <xs:choice minOccurs="0" maxOccurs="unbounded">
        <xs:element ref="error"/>
        <xs:element name="session">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="session_type" type="xs:string"/>
              <xs:element name="lseq" type="xs:integer"/>
              <xs:element name="start_time" type="Time"/>
              <xs:element name="end_time" type="Time"/>
              <xs:element name="duration" type="xs:string"/>
              <xs:any minOccurs="0" maxOccurs="unbounded" processContents="skip"/>
            </xs:sequence>
            <xs:attribute name="lsid" type="Lsid" use="required"/>
            <xs:anyAttribute processContents="skip"/>
          </xs:complexType>
        </xs:element>
      </xs:choice>
    </xs:complexType>
  </xs:element>
  <xs:element name="session_summary_list">
    <xs:complexType>
      <xs:choice minOccurs="0" maxOccurs="unbounded">
        <xs:element ref="error"/>
        <xs:element name="session_summary">
          <xs:complexType>
            <xs:attribute name="lsid" type="Lsid" use="required"/>
            <xs:attribute name="has_recording" type="xs:boolean" use="required"/>
            <xs:attribute name="external_key" type="xs:string"/>
          </xs:complexType>
        </xs:element>
      </xs:choice>
    </xs:complexType>
  </xs:element>
  <xs:simpleType name="Lsid">
    <xs:restriction base="xs:string"><xs:pattern value="[0-9a-f]{32}"/></xs:restriction>
  </xs:simpleType>
  <xs:complexType name="Time">
    <xs:simpleContent>
      <xs:extension base="xs:string"><xs:attribute name="timestamp" type="xs:string"/></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
</xs:schema>
`;
}
