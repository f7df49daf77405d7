//! Permissions of Microsoft Power Platform as code.
