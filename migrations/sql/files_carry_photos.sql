-- A photo's file has the photo's id, so that old addresses lead to it. Size and name were never written down.
INSERT INTO stored_file (id, storage_key, sha256, media_type, width, height, owner_kind, owner_id, purpose, public,
                         uploaded_by, uploaded_at, removed_reason)
SELECT photo.id, photo.storage_key, decode(split_part(photo.storage_key, '/', 3), 'hex'), photo.content_type,
       photo.width, photo.height, 'campaign_update', news.id, 'photo', true, account.person, news.published_at, ''
  FROM campaign_photo AS photo JOIN campaign_update AS news ON news.id = photo.news
  LEFT JOIN account ON account.id = news.staff;
UPDATE campaign_photo SET file = id;
