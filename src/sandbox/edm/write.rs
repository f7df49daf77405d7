//! Writes a model as `$metadata` has it: CSDL 4.0 in XML (OASIS: OData CSDL XML representation).

use super::model::{Enum, EnumKind, Model, Structure};
use super::operations::{Binding, Call, Operation};

impl Model {
    /// Writes the document, without what no published model has.
    pub(in crate::sandbox) fn into_xml(self) -> String {
        self.published().whole_xml()
    }

    /// Writes everything that is served.
    pub(super) fn whole_xml(&self) -> String {
        let mut xml = Xml::default();
        xml.open("edmx:Edmx", &[("Version", "4.0"), ("xmlns:edmx", "http://docs.oasis-open.org/odata/ns/edmx")]);
        xml.open("edmx:DataServices", &[]);
        xml.open(
            "Schema",
            &[
                ("Namespace", self.namespace),
                ("Alias", self.alias),
                ("xmlns", "http://docs.oasis-open.org/odata/ns/edm"),
            ],
        );
        self.enums.iter().for_each(|one| xml.enumeration(one));
        self.complexes.iter().for_each(|one| xml.structure("ComplexType", one));
        self.entities.iter().for_each(|one| xml.structure("EntityType", one));
        self.operations.iter().for_each(|one| xml.operation(self, one));
        xml.open("EntityContainer", &[("Name", self.container)]);
        for (name, kind) in &self.sets {
            xml.alone("EntitySet", &[("Name", name), ("EntityType", &self.whole(kind))]);
        }
        for operation in self.operations.iter().filter(|operation| operation.binding == Binding::None) {
            let name = format!("{}.{}", self.namespace, operation.name);
            match operation.call {
                Call::Function => xml.alone("FunctionImport", &[("Name", operation.name), ("Function", &name)]),
                Call::Action => xml.alone("ActionImport", &[("Name", operation.name), ("Action", &name)]),
            }
        }
        for name in ["EntityContainer", "Schema", "edmx:DataServices", "edmx:Edmx"] {
            xml.close(name);
        }
        xml.text
    }

    /// Writes a type with the namespace instead of its short form, as sets do.
    fn whole(&self, kind: &str) -> String {
        kind.replacen(&format!("{}.", self.alias), &format!("{}.", self.namespace), 1)
    }
}

#[derive(Default)]
struct Xml {
    text: String,
    depth: usize,
}

impl Xml {
    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.line(name, attributes, ">");
        self.depth += 1;
    }

    fn alone(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.line(name, attributes, " />");
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        let indent = "  ".repeat(self.depth);
        self.text.extend([indent.as_str(), "</", name, ">\n"]);
    }

    fn line(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        let attributes: String =
            attributes.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect();
        let indent = "  ".repeat(self.depth);
        self.text.extend([indent.as_str(), "<", name, &attributes, end, "\n"]);
    }

    fn enumeration(&mut self, one: &Enum) {
        match one.kind {
            EnumKind::Single => self.open("EnumType", &[("Name", one.name)]),
            EnumKind::Flags => self.open("EnumType", &[("Name", one.name), ("IsFlags", "true")]),
        }
        for (name, value) in &one.members {
            self.alone("Member", &[("Name", name), ("Value", &value.to_string())]);
        }
        self.close("EnumType");
    }

    fn structure(&mut self, element: &str, one: &Structure) {
        let mut attributes = vec![("Name", one.name.as_ref())];
        attributes.extend(one.base.as_ref().map(|base| ("BaseType", base.as_ref())));
        if one.is_abstract {
            attributes.push(("Abstract", "true"));
        }
        self.open(element, &attributes);
        if let Some(key) = &one.key {
            self.open("Key", &[]);
            self.alone("PropertyRef", &[("Name", key)]);
            self.close("Key");
        }
        for property in &one.properties {
            self.alone("Property", &[("Name", &property.name), ("Type", &property.kind)]);
        }
        for navigation in &one.navigations {
            let attributes = [("Name", navigation.name.as_ref()), ("Type", navigation.kind.as_ref())];
            match &navigation.constraint {
                None => self.alone("NavigationProperty", &attributes),
                Some((here, there)) => {
                    self.open("NavigationProperty", &attributes);
                    self.alone("ReferentialConstraint", &[("Property", here), ("ReferencedProperty", there)]);
                    self.close("NavigationProperty");
                }
            }
        }
        self.close(element);
    }

    fn operation(&mut self, model: &Model, one: &Operation) {
        let element = match one.call {
            Call::Function => "Function",
            Call::Action => "Action",
        };
        let bound = match one.binding {
            Binding::None => None,
            Binding::Row(kind) => Some(format!("{}.{kind}", model.alias)),
            Binding::Rows(kind) => Some(format!("Collection({}.{kind})", model.alias)),
        };
        match bound {
            None => self.open(element, &[("Name", one.name)]),
            Some(kind) => {
                self.open(element, &[("Name", one.name), ("IsBound", "true")]);
                self.alone("Parameter", &[("Name", model.binding), ("Type", &kind), ("Nullable", "false")]);
            }
        }
        for (name, kind) in one.parameters {
            self.alone("Parameter", &[("Name", name), ("Type", kind)]);
        }
        if let Some(answer) = one.answer {
            self.alone("ReturnType", &[("Type", answer), ("Nullable", "false")]);
        }
        self.close(element);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
