// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Sentences to be printed in each script, for a test of shaping and of room and not of translation: the shipped catalogues
// may be incomplete or reworded. keys: the catalogue's; in the order of `words`.

export const keys = ['direction', 'recruitment.invitation', 'ministry', 'print_scan', 'print_onion', 'print_check', 'print_anonymous',
  'emergency', 'emergency_do', 'emergency_call'];

export const words = {
  ar: ['rtl', 'أبلغ عن التجنيد في جيش أجنبي', 'وزارة الخارجية', 'امسح هذا الرمز بهاتفك، أو اكتب العنوان:', 'في متصفح تور:',
    'المجنِّدون ينسخون هذا الموقع. اكتب العنوان حرفًا حرفًا. في أسفل الصفحة تجد هذه البصمة:', 'لا يلزمك ذكر اسمك. لا يستطيع قراءة بلاغك إلا مكتب واحد في الوزارة.',
    'هذه ليست خدمة طوارئ.', 'إذا كان أحد في خطر الآن، فاتصل أولًا بالشرطة المحلية أو بسفارة بلدك.', 'إذا كان أحد في خطر الآن، فاتصل أولًا بـ:'],
  ur: ['rtl', 'غیر ملکی فوج میں بھرتی کی اطلاع دیں', 'وزارتِ خارجہ', 'اسے اپنے فون سے اسکین کریں، یا پتہ لکھیں:', 'ٹور براؤزر میں:',
    'بھرتی کرنے والے اس سائٹ کی نقل بناتے ہیں۔ پتہ ایک ایک حرف کر کے لکھیں۔ صفحے کے نیچے یہ نشان درج ہے:', 'آپ کو اپنا نام بتانے کی ضرورت نہیں۔ آپ کی اطلاع وزارت کا صرف ایک دفتر پڑھ سکتا ہے۔',
    'یہ ہنگامی مدد کی لائن نہیں ہے۔', 'اگر کوئی اس وقت خطرے میں ہے تو پہلے مقامی پولیس یا اپنے سفارت خانے کو فون کریں۔', 'اگر کوئی اس وقت خطرے میں ہے تو پہلے فون کریں:'],
  am: ['ltr', 'ለውጭ ጦር የሚደረግ ምልመላን ያሳውቁ', 'የውጭ ጉዳይ ሚኒስቴር', 'ይህን በስልክዎ ይቃኙ፣ ወይም አድራሻውን ይጻፉ፦', 'በቶር አሳሽ፦',
    'መልማዮች ይህን ድረ ገጽ ይገለብጣሉ። አድራሻውን ፊደል በፊደል ይጻፉ። በገጹ ግርጌ ይህ አሻራ ይገኛል፦', 'ስምዎን መስጠት የለብዎትም። ሪፖርትዎን ማንበብ የሚችለው በሚኒስቴሩ ያለ አንድ ክፍል ብቻ ነው።',
    'ይህ የድንገተኛ አደጋ መስመር አይደለም።', 'አሁን አደጋ ላይ ያለ ሰው ካለ፣ መጀመሪያ ለአካባቢው ፖሊስ ወይም ለኤምባሲዎ ይደውሉ።', 'አሁን አደጋ ላይ ያለ ሰው ካለ፣ መጀመሪያ ይደውሉ፦'],
  bn: ['ltr', 'বিদেশি সেনাবাহিনীতে নিয়োগের কথা জানান', 'পররাষ্ট্র মন্ত্রণালয়', 'ফোন দিয়ে এটি স্ক্যান করুন, অথবা ঠিকানাটি লিখুন:', 'টর ব্রাউজারে:',
    'নিয়োগকারীরা এই সাইট নকল করে। ঠিকানাটি অক্ষরে অক্ষরে লিখুন। পাতার নিচে এই ছাপটি থাকে:', 'আপনার নাম দিতে হবে না। মন্ত্রণালয়ের একটি মাত্র দপ্তর আপনার প্রতিবেদন পড়তে পারে।',
    'এটি জরুরি সেবার লাইন নয়।', 'কেউ এখন বিপদে থাকলে আগে স্থানীয় পুলিশ বা আপনার দূতাবাসে ফোন করুন।', 'কেউ এখন বিপদে থাকলে আগে ফোন করুন:'],
  hi: ['ltr', 'विदेशी सेना में भर्ती की सूचना दें', 'विदेश मंत्रालय', 'इसे अपने फ़ोन से स्कैन करें, या पता टाइप करें:', 'टोर ब्राउज़र में:',
    'भर्ती करने वाले इस साइट की नकल करते हैं। पता एक-एक अक्षर करके टाइप करें। पन्ने के नीचे यह छाप लिखी होती है:', 'आपको अपना नाम देने की ज़रूरत नहीं है। मंत्रालय का केवल एक विभाग आपकी सूचना पढ़ सकता है।',
    'यह आपातकालीन सेवा नहीं है।', 'अगर कोई अभी ख़तरे में है, तो पहले स्थानीय पुलिस या अपने दूतावास को फ़ोन करें।', 'अगर कोई अभी ख़तरे में है, तो पहले फ़ोन करें:'],
  ne: ['ltr', 'विदेशी सेनामा भर्तीको जानकारी दिनुहोस्', 'परराष्ट्र मन्त्रालय', 'यसलाई फोनले स्क्यान गर्नुहोस्, वा ठेगाना टाइप गर्नुहोस्:', 'टोर ब्राउजरमा:',
    'भर्ती गर्नेहरूले यो साइटको नक्कल गर्छन्। ठेगाना अक्षर-अक्षर गरी टाइप गर्नुहोस्। पृष्ठको तल यो छाप हुन्छ:', 'तपाईंले आफ्नो नाम दिनु पर्दैन। मन्त्रालयको एउटा शाखाले मात्र तपाईंको विवरण पढ्न सक्छ।',
    'यो आपत्कालीन सेवा होइन।', 'कोही अहिले खतरामा छ भने पहिले स्थानीय प्रहरी वा आफ्नो दूतावासमा फोन गर्नुहोस्।', 'कोही अहिले खतरामा छ भने पहिले फोन गर्नुहोस्:'],
  ru: ['ltr', 'Сообщите о вербовке в иностранную армию', 'Министерство иностранных дел', 'Отсканируйте телефоном или введите адрес:', 'В Tor Browser:',
    'Вербовщики подделывают этот сайт. Вводите адрес буква за буквой. Внизу страницы стоит такой отпечаток:', 'Называть своё имя не обязательно. Прочитать ваше сообщение может только один отдел министерства.',
    'Это не служба экстренной помощи.', 'Если кому-то сейчас грозит опасность, сначала позвоните в местную полицию или в посольство своей страны.', 'Если кому-то сейчас грозит опасность, сначала позвоните:'],
  uk: ['ltr', 'Повідомте про вербування до іноземної армії', 'Міністерство закордонних справ', 'Відскануйте телефоном або введіть адресу:', 'У Tor Browser:',
    'Вербувальники підробляють цей сайт. Вводьте адресу літера за літерою. Унизу сторінки стоїть такий відбиток:', 'Називати своє ім’я не обов’язково. Прочитати ваше повідомлення може лише один відділ міністерства.',
    'Це не служба екстреної допомоги.', 'Якщо комусь зараз загрожує небезпека, спершу зателефонуйте до місцевої поліції або до свого посольства.', 'Якщо комусь зараз загрожує небезпека, спершу зателефонуйте:'],
  fr: ['ltr', 'Signalez le recrutement dans une armée étrangère', 'Ministère des Affaires étrangères', 'Scannez ceci avec votre téléphone, ou tapez l’adresse :', 'Dans Tor Browser :',
    'Les recruteurs copient ce site. Tapez l’adresse lettre par lettre. En bas de la page figure cette empreinte :', 'Vous n’avez pas à donner votre nom. Un seul bureau du ministère peut lire votre signalement.',
    'Ce n’est pas une ligne d’urgence.', 'Si quelqu’un est en danger maintenant, appelez d’abord la police locale ou votre ambassade.', 'Si quelqu’un est en danger maintenant, appelez d’abord :'],
  es: ['ltr', 'Denuncie el reclutamiento para un ejército extranjero', 'Ministerio de Relaciones Exteriores', 'Escanee esto con su teléfono o escriba la dirección:', 'En Tor Browser:',
    'Los reclutadores copian este sitio. Escriba la dirección letra por letra. Al pie de la página está esta huella:', 'No tiene que dar su nombre. Solo una oficina del ministerio puede leer su informe.',
    'Esta no es una línea de emergencia.', 'Si alguien está en peligro ahora, llame primero a la policía local o a su embajada.', 'Si alguien está en peligro ahora, llame primero:'],
  sw: ['ltr', 'Ripoti uandikishaji wa watu katika jeshi la kigeni', 'Wizara ya Mambo ya Nje', 'Changanua hii kwa simu yako, au andika anwani:', 'Katika Tor Browser:',
    'Waandikishaji wananakili tovuti hii. Andika anwani herufi kwa herufi. Chini ya ukurasa kuna alama hii:', 'Si lazima utoe jina lako. Ofisi moja tu ya wizara inaweza kusoma ripoti yako.',
    'Hii si huduma ya dharura.', 'Kama mtu yuko hatarini sasa, kwanza piga simu kwa polisi wa eneo au ubalozi wako.', 'Kama mtu yuko hatarini sasa, kwanza piga simu:'],
};

// A gettext catalogue of these.
export const asPo = (sentences) => [`msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n`,
  ...keys.map((key, i) => `msgid ${JSON.stringify(key)}\nmsgstr ${JSON.stringify(sentences[i])}\n`)].join('\n');
