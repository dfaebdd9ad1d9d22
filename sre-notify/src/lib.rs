//! Channels of SRE Monitor: the signed webhook.
